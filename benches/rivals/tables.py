"""Rows per second of twins of the 11-node linear model, by DoWhy's gcm and by Antecedent.

Prints one line of JSON: {"dowhy": rows/s or null, "antecedent": rows/s or null}. One thread.
"""
import json
import os
import time
import warnings

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"
warnings.filterwarnings("ignore")
ROWS, NODES = 50_000, 10


def best(run, times=3):
    """The fastest of a few runs, as rows per second."""
    rates = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        rates.append(ROWS / (time.perf_counter() - start))
    return max(rates)


def dowhy():
    import networkx as nx
    import numpy as np
    import scipy.stats as st
    from dowhy import gcm
    from dowhy.gcm.causal_models import PARENTS_DURING_FIT
    from dowhy.graph import get_ordered_predecessors

    gcm.config.disable_progress_bars()

    class Linear(gcm.ml.PredictionModel):
        def __init__(self, weights):
            self.weights = np.array(weights)

        def fit(self, x, y):
            pass

        def predict(self, x):
            return (np.asarray(x, float) @ self.weights).reshape(-1, 1)

        def clone(self):
            return Linear(self.weights)

    graph = nx.DiGraph([(f"X{i}", f"X{i + 1}") for i in range(NODES - 1)])
    graph.add_edge("C", "X0")
    graph.add_edge("C", f"X{NODES - 1}")
    model = gcm.InvertibleStructuralCausalModel(graph)
    noise = gcm.ScipyDistribution(st.norm, loc=0, scale=1)
    model.set_causal_mechanism("C", gcm.ScipyDistribution(st.norm, loc=0, scale=1))
    for i in range(NODES):
        weights = [1.0] if i == 0 else ([0.7] if i < NODES - 1 else [1.0, 0.7])
        model.set_causal_mechanism(f"X{i}", gcm.AdditiveNoiseModel(Linear(weights), noise))
    # The mechanisms are given: nothing is to be fitted.
    for node in model.graph.nodes:
        model.graph.nodes[node][PARENTS_DURING_FIT] = get_ordered_predecessors(model.graph, node)
    data = gcm.draw_samples(model, ROWS)
    do = {"X3": lambda x: 1.0}
    twins = gcm.counterfactual_samples(model, do, observed_data=data)
    assert np.array_equal(twins["X2"], data["X2"]) and (twins["X3"] == 1.0).all()
    return best(lambda: gcm.counterfactual_samples(model, do, observed_data=data))


def antecedent():
    import numpy as np
    from antecedent._native import fit_gcm

    rng = np.random.default_rng(0)
    cause = rng.normal(size=20_000)
    columns = [cause, cause + rng.normal(size=cause.size)]
    for i in range(1, NODES):
        own = rng.normal(size=cause.size) + (cause if i == NODES - 1 else 0)
        columns.append(0.7 * columns[-1] + own)
    names = ["C"] + [f"X{i}" for i in range(NODES)]
    edges = [(f"X{i}", f"X{i + 1}") for i in range(NODES - 1)]
    edges += [("C", "X0"), ("C", f"X{NODES - 1}")]
    model = fit_gcm(names, columns, edges, threads=1)
    _, noise = model.sample_noise({}, ROWS, seed=1, threads=1)
    return best(lambda: model.replay_noise(noise, {"X3": 1.0}, seed=1, threads=1))


def tried(rival):
    try:
        return rival()
    except ImportError:
        return None


if __name__ == "__main__":
    print(json.dumps({"dowhy": tried(dowhy), "antecedent": tried(antecedent)}))
