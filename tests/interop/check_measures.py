"""Measures of representations, held against the libraries that others measure with.

Usage: check_measures.py PROGRAM FOLDER, where PROGRAM is the example `measures`; tables are written
to FOLDER.
"""

import json
import os
import subprocess
import sys

import dcor
import numpy as np
import ot
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.linear_model import Lasso, Ridge
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

EXACT = 1e-9
GRID = [0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003]
worst = {}


def same(name, found, expected, tolerance=EXACT):
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape, (name, found.shape, expected.shape)
    off = float(np.abs(found - expected).max(initial=0.0))
    assert off <= tolerance * max(1.0, float(np.abs(expected).max(initial=0.0))), (name, off)
    worst[name] = max(worst.get(name, 0.0), off)


def tables(seed, rows, width, factors):
    """Factors, some of them binary; a representation of them; another that lies nearby."""
    draw = np.random.default_rng(seed)
    y = draw.normal(size=(rows, factors))
    y[:, 0] += 0.5 * y[:, -1]
    y[:, ::2] = y[:, ::2] > 0
    x = np.tanh(y @ draw.normal(size=(factors, width))) + 0.5 * draw.normal(size=(rows, width))
    x[:, 0] = np.round(x[:, 0], 1)  # ties
    z = 0.7 * x + 0.3 * draw.normal(size=(rows, width)) + 0.2
    return x, y, z


def interventions(seed, width):
    """Rows of three factors with 2, 3 and 4 values, six settings each, rendered twice."""
    draw = np.random.default_rng(seed)
    made = []
    for factor, values in enumerate((2, 3, 4)):
        value, setting = (a.ravel() for a in np.mgrid[:values, :6])
        value, setting = np.tile(value, 2), np.tile(setting, 2)
        rest = draw.normal(size=(6, width))
        rows = rest[setting] + 0.1 * draw.normal(size=(len(value), width))
        rows[:, factor] += 5.0 * value
        made.append({"rows": rows, "value": value, "setting": setting})
    return made


def distance_correlation(found, x, y, z):
    same("distance correlation", found["biased"], dcor.distance_correlation(x, y))
    same("bias-corrected", found["corrected"], dcor.u_distance_correlation_sqr(x, y))
    same("partial", found["partial"], dcor.partial_distance_correlation(x, y, z))
    instrument = found["instrument"]
    same("relevance", instrument["relevance"], dcor.u_distance_correlation_sqr(x, z))
    others = [dcor.u_distance_correlation_sqr(x, column[:, None]) for column in y.T[1:]]
    same("independence", instrument["independence"], others)
    exclusion = dcor.partial_distance_correlation(x, y[:, :1], z)
    same("exclusion", instrument["exclusion"], exclusion)
    if len(x) > 400:
        return  # the library takes a minute for what follows
    # Other shuffles than ours: the same figures but for chance.
    draw = np.random.default_rng(1)
    shuffled = [dcor.distance_correlation(x, draw.permutation(y)) for _ in range(200)]
    floor, spread = found["noise_floor"], np.std(shuffled)
    assert abs(floor["mean"] - np.mean(shuffled)) < 6 * spread * np.sqrt(2 / 200), floor
    assert abs(floor["high"] - np.quantile(shuffled, 0.95)) < 1.5 * spread, floor
    assert floor["mean"] < floor["high"] < found["biased"]


def correlations(found, x, y):
    width = x.shape[1]
    for kind, table in (
        ("pearson", np.corrcoef(x.T, y.T)),
        ("spearman", stats.spearmanr(np.hstack([x, y])).statistic),
    ):
        table = np.abs(table[:width, width:])
        latents, factors = linear_sum_assignment(table, maximize=True)
        matches = found[kind]["matches"]
        assert [m["latent"] for m in matches] == latents.tolist()
        assert [m["factor"] for m in matches] == factors.tolist()
        same(kind, [m["correlation"] for m in matches], table[latents, factors])
        same(f"mcc, {kind}", found[kind]["mean"], table[latents, factors].mean())


def regressions(found, x, y):
    half = len(x) // 2
    same("ridge", found["ridge"], Ridge(alpha=1.0).fit(x, y).coef_)
    probe = make_pipeline(StandardScaler(), Ridge(alpha=1.0)).fit(x[:half], y[:half])
    score = r2_score(y[half:], probe.predict(x[half:]), multioutput="raw_values")
    same("linear probe", found["linear_probe"], score)
    lasso = Lasso(alpha=0.05, tol=1e-14, max_iter=100_000).fit(x, y[:, 0])
    assert found["lasso"]["settled"]
    same("lasso", found["lasso"]["weights"], lasso.coef_)
    same("lasso, intercept", found["lasso"]["intercept"], lasso.intercept_)


def purity(lines):
    """Of each column, and their mean weighted by what they hold."""
    held = lines.sum(axis=0)
    with np.errstate(invalid="ignore"):
        pure = 1 - stats.entropy(lines, base=len(lines), axis=0)
    pure = np.where(held > 0, pure, 0.0)
    return pure, np.average(pure, weights=held)


def dci(found, x, y):
    half, three = len(x) // 2, len(x) * 3 // 4
    x, y = (StandardScaler().fit(t[:half]).transform(t) for t in (x, y))
    importance = np.empty((x.shape[1], y.shape[1]))
    for factor, target in enumerate(y.T):
        fits = [
            Lasso(alpha=a, tol=1e-14, max_iter=100_000).fit(x[:half], target[:half]) for a in GRID
        ]
        errors = [np.sum((target[half:three] - f.predict(x[half:three])) ** 2) for f in fits]
        best = int(np.argmin(errors))
        assert found["penalties"][factor] == GRID[best], (factor, errors)
        importance[:, factor] = np.abs(fits[best].coef_)
        score = r2_score(target[three:], fits[best].predict(x[three:]))
        same("informativeness", found["informativeness"][factor], score)
    ours = np.reshape(found["importance"], importance.shape)
    same("importance", ours, importance)
    # Of our own importances: near 0 an entropy is steeper than any tolerance of a descent.
    of_latents, disentanglement = purity(ours.T)
    of_factors, completeness = purity(ours)
    modularity = found["modularity"]
    same("disentanglement of dimensions", modularity["of_latents"], of_latents)
    same("disentanglement", modularity["disentanglement"], disentanglement)
    same("completeness of factors", modularity["of_factors"], of_factors)
    same("completeness", modularity["completeness"], completeness)


def wasserstein(found, x, z):
    rows = len(x)
    same("W1", found["w1"]["exact"], ot.emd2([], [], cdist(x, z)))
    same("W2", found["w2"]["exact"], np.sqrt(ot.emd2([], [], cdist(x, z, "sqeuclidean"))))
    pairs = linear_sum_assignment(cdist(x, z))
    same("W1, by assignment", found["w1"]["exact"], cdist(x, z)[pairs].sum() / rows)
    flat = stats.wasserstein_distance(x[:, 0], z[:, 0])
    same("W1 in one dimension", found["w1"]["first_column"], flat)
    ways = np.array(found["directions"]).T
    same("length of directions", np.linalg.norm(ways, axis=0), np.ones(ways.shape[1]))
    for p, name in ((1, "w1"), (2, "w2")):
        ours = found[name]["sliced"]
        same(f"sliced {name}", ours, ot.sliced_wasserstein_distance(x, z, projections=ways, p=p))
        # Directions of another generator: the same but for chance.
        other = ot.sliced_wasserstein_distance(x, z, n_projections=2000, p=p, seed=3)
        assert abs(ours - other) < 0.3 * other, (ours, other)


def irs(found, made):
    for name, share in (("largest", 1.0), ("quantile", 0.9)):
        robust, reach = [], []
        for part in made:
            values, settings = part["value"].max() + 1, part["setting"].max() + 1
            means = np.array([
                [part["rows"][(part["value"] == g) & (part["setting"] == s)].mean(axis=0)
                 for s in range(settings)]
                for g in range(values)
            ])
            ways = np.abs(means - means.mean(axis=1, keepdims=True))
            moved = np.quantile(ways, share, axis=1).mean(axis=0)
            reach.append(np.abs(means - means.mean(axis=(0, 1))).max(axis=(0, 1)))
            robust.append(1 - moved / reach[-1])
        matrix = np.array(robust).T
        ours = found[name]
        same("interventional robustness", np.reshape(ours["matrix"], matrix.shape), matrix)
        assert ours["factors"] == matrix.argmax(axis=1).tolist()
        score = np.average(matrix.max(axis=1), weights=np.mean(reach, axis=0))
        same("robustness, the whole", ours["score"], score)


def groups(found, right, group):
    sizes = np.bincount(group)
    shares = np.bincount(group, weights=right) / np.maximum(sizes, 1)
    large = [g for g in range(len(sizes)) if sizes[g] >= 10]
    assert [g["group"] for g in found["groups"]] == large
    same("accuracy of groups", [g["accuracy"] for g in found["groups"]], shares[large])
    same("worst group", found["worst"]["accuracy"], shares[large].min())
    small = [g for g in range(len(sizes)) if 0 < sizes[g] < 10]
    assert [g["group"] for g in found["too_small"]] == small and 3 in small


def intervals(found, first, second):
    second = dict(second)
    common = sorted((seed, figure - second[seed]) for seed, figure in first if seed in second)
    differences = [difference for _, difference in common]
    paired = found["paired"]
    assert paired["seeds"] == [seed for seed, _ in common]
    mean, error = np.mean(differences), stats.sem(differences)
    same("paired mean", paired["mean"], mean)
    same("paired deviation", paired["deviation"], np.std(differences, ddof=1))
    expected = stats.t.interval(0.95, len(common) - 1, loc=mean, scale=error)
    same("paired interval", paired["interval"], expected)
    figures = [figure for _, figure in first]
    summary = found["summary"]
    same("summary", [summary["mean"], summary["deviation"], summary["min"], summary["max"]],
         [np.mean(figures), np.std(figures, ddof=1), min(figures), max(figures)])


def main(program, folder):
    shapes = ((200, 6, 4), (301, 3, 5), (512, 64, 6), (40, 4, 2))
    for seed, (rows, width, factors) in enumerate(shapes, 1):
        x, y, z = tables(seed, rows, width, factors)
        draw = np.random.default_rng(100 + seed)
        made = interventions(200 + seed, 5)
        right = draw.random(rows) < 0.7
        group = draw.choice(4, size=rows, p=[0.6, 0.2, 0.2, 0.0])
        group[:3] = 3  # too few to count
        first = [(int(s), float(v)) for s, v in zip(range(9), draw.random(9))]
        second = [(int(s), float(v)) for s, v in zip(range(11, 2, -1), draw.random(9))]
        path = os.path.join(folder, f"tables-{seed}.json")
        data = {"x": x, "y": y, "z": z, "interventions": made, "right": right, "group": group,
                "first": first, "second": second}
        with open(path, "w") as file:
            json.dump(data, file, default=lambda array: array.tolist())
        text = subprocess.run([program, path], check=True, capture_output=True, text=True).stdout
        again = subprocess.run([program, path], check=True, capture_output=True, text=True,
                               env={**os.environ, "RAYON_NUM_THREADS": "1"}).stdout
        assert text == again, "other bits on one thread"
        found = json.loads(text)
        distance_correlation(found["distance_correlation"], x, y, z)
        correlations(found["mcc"], x, y)
        regressions(found, x, y)
        dci(found["dci"], x, y)
        wasserstein(found["wasserstein"], x, z)
        irs(found["irs"], made)
        groups(found["worst_group"], right, group)
        intervals(found, first, second)
    for name, off in sorted(worst.items(), key=lambda item: -item[1]):
        if "--verbose" in sys.argv:
            print(f"{off:9.1e} {name}")
    print(f"measures: ok, {len(worst)} figures within {max(worst.values()):.1e}")


main(sys.argv[1], sys.argv[2])
