"""Published Bayesian networks as scenes: what the program says of P(y | do(x)) against variable
elimination in NumPy.

Usage: networks.py PROGRAM FOLDER MODELS; MODELS is a folder of .bif.gz files, such as pgmpy brings.
"""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

NETWORKS = ["asia", "cancer", "sachs", "child", "alarm", "insurance", "hailfinder", "hepar2",
            "win95pts", "water", "pathfinder", "andes", "pigs", "link"]
FACTORS = 8


def read(path):
    """States of every node, and for every node its parents and its table."""
    text = gzip.open(path, "rt").read()
    node = r"variable\s+(\S+)\s*\{\s*type\s+discrete\s*\[\s*\d+\s*\]\s*\{([^}]*)\}\s*;"
    states = {n: [s.strip() for s in all.split(",")] for n, all in re.findall(node, text)}
    tables = {}
    for head, body in re.findall(r"probability\s*\(([^)]*?)\)\s*\{(.*?)\n\}", text, re.S):
        name, _, parents = (part.strip() for part in head.partition("|"))
        parents = [p.strip() for p in parents.split(",") if p.strip()]
        table = np.zeros([len(states[n]) for n in [*parents, name]])
        if not parents:
            table[:] = [float(p) for p in re.search(r"table\s+([^;]*);", body)[1].split(",")]
        for key, row in re.findall(r"\(([^)]*)\)\s*([^;]*);", body):
            at = tuple(states[p].index(k.strip()) for p, k in zip(parents, key.split(",")))
            table[at] = [float(p) for p in row.split(",")]
        tables[name] = (parents, table / table.sum(axis=-1, keepdims=True))
    return states, tables


def above(tables, node):
    """The node and all on which it depends."""
    found, left = set(), [node]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += tables[name][0]
    return found


def under(tables, label, factor, value):
    """The distribution of the label under do(factor = value), by summing out node after node."""
    mutilated = tables | {factor: ([], np.eye(tables[factor][1].shape[-1])[value])}
    all = [([*mutilated[n][0], n], mutilated[n][1]) for n in above(mutilated, label)]
    left = {n for scope, _ in all for n in scope} - {label}

    def product(factors):
        scope, table = [], np.ones(())
        for others, other in factors:
            both = sorted({*scope, *others})
            table = np.einsum(table, [both.index(n) for n in scope], other,
                              [both.index(n) for n in others], range(len(both)))
            scope = both
        return scope, table

    while left:
        scopes = {n: {m for scope, _ in all if n in scope for m in scope} for n in left}
        node = min(left, key=lambda n: (len(scopes[n]), n))
        scope, table = product([f for f in all if node in f[0]])
        all = [f for f in all if node not in f[0]]
        all.append(([n for n in scope if n != node], table.sum(axis=scope.index(node))))
        left.remove(node)
    return product(all)[1]


def word(name):
    return "n_" + re.sub(r"\W", "_", name)


def scene(name, states, tables, label):
    """The scene's text: every node a factor but the label, and no roles."""

    def mechanism(node):
        parents, table = tables[node]
        if len(states[node]) == 1:
            return "Constant(0.0)"
        if not parents:
            return f"Categorical({table.tolist()})"
        several = [i for i, p in enumerate(parents) if len(states[p]) > 1]
        rows = [([at[i] for i in several], table[at].tolist()) for at in np.ndindex(table.shape[:-1])]
        rows = ", ".join(f"({key}, {row})" for key, row in rows)
        of = ", ".join(f'"{word(parents[i])}"' for i in several)
        return f"Table(of: [{of}], rows: [{rows}])"

    factors = [n for n in states if n != label and len(states[n]) > 1]
    constants = [n for n in states if len(states[n]) == 1]
    line = '(name: "{}", mechanism: {})'
    lines = [",\n".join(line.format(word(n), mechanism(n)) for n in all) for all in (constants, factors)]
    classes = ", ".join(f'"c{i}"' for i in range(len(states[label])))
    return (f'(version: 1, name: "{name}", confounders: [{lines[0]}], factors: [{lines[1]}], label: '
            f'(name: "{word(label)}", classes: [{classes}], mechanism: {mechanism(label)}), '
            f'modalities: [Vector(name: "v", entries: [(of: "{word(factors[0])}")])])')


def main():
    program, folder, models = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    for name in NETWORKS:
        states, tables = read(models / f"{name}.bif.gz")
        several = [n for n in states if len(states[n]) > 1]
        label = max(several, key=lambda n: (len(above(tables, n)), n))
        path = folder / f"{name}.ron"
        path.write_text(scene(name, states, tables, label))
        command = [program, "truth", path, "--class", "c1", "--json"]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        told = {factor["name"]: factor for factor in answer["factors"]}
        causes = [n for n in several if n != label and n in above(tables, label)]
        exact = 0
        for node in causes[:: max(1, len(causes) // FACTORS)]:
            factor = told[word(node)]
            evidence = factor["accounts"][0]["evidence"]
            for value, key in ((0, "y_do_not_x"), (1, "y_do_x")):
                wanted = under(tables, label, node, value)[1]
                trials = evidence.get("specimens")
                slack = 1e-9 if trials is None else 5 * np.sqrt(max(wanted * (1 - wanted), 1e-6) / trials)
                assert abs(evidence[key] - wanted) < slack, (name, node, key, evidence[key], wanted)
                exact += trials is None
        print(f"{name}: {len(states)} nodes, {exact} figures are exact and equal")
        assert exact, name


main()
