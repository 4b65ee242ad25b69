"""The figures of a model's table, made again from its stored data and its weights with NumPy alone.

Usage: check_table.py DATA RUN, where DATA was written by `twinworld generate tests/interop/table.ron
--split train=N,test=M --twins contrasts` and RUN by `twinworld train --data DATA`.

The forward pass of `concat`, the counts behind PN, PS, PNS, reversed, reliance and effect (total and
direct, every class), the worst group, the reliance, the grasp and the causal error are all written
here from their definitions. Nothing of the program is used but its files.
"""

import glob
import json
import os
import struct
import sys

import numpy as np

TOLERANCE = 1e-6


def weights(path):
    """The tensors of a SafeTensors file of 32-bit floats."""
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    head = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    return {
        name: np.frombuffer(body[slice(*said["data_offsets"])], "<f4")
        .reshape(said["shape"])
        .astype(np.float64)
        for name, said in head.items()
        if name != "__metadata__"
    }


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def forward(w, inputs):
    """`concat`: two layers for each modality, four for all, a linear head; logits."""

    def dense(x, name):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"].reshape(-1)

    joined = w["joint.0.bias"].reshape(-1)
    for name, x in inputs.items():
        h = elu(dense(elu(dense(x, f"encoder.{name}.0")), f"encoder.{name}.1"))
        joined = joined + h @ w[f"joint.0.{name}.weight"]
    z = elu(joined)
    z = elu(dense(z, "joint.1"))
    z = elu(dense(z, "joint.2"))
    return dense(dense(z, "joint.3"), "head")


def split(folder, name):
    parts = [np.load(path) for path in sorted(glob.glob(os.path.join(folder, f"{name}*.npz")))]
    constant = {"keys", "roles", "classes", "twin_keys", "contrast", "truth", "pns"}
    return {
        key: parts[0][key] if key in constant else np.concatenate([p[key] for p in parts])
        for key in parts[0].files
    }


def shown(data, world):
    """What the model is given of the samples, or of one of their twins."""
    pick = (lambda key: data[key]) if world is None else (lambda key: data[f"{key}_cf"][:, world])
    pixels = pick("images").reshape(len(data["y"]), -1)
    brightness = np.float32(pixels) / np.float32(255)
    image = (brightness - np.float32(0.45)) * np.float32(3)
    return {"image": image.astype(np.float64), "sensor": pick("vectors_sensor").astype(np.float64)}


def share(part, whole):
    """The share of `whole` that is in `part` as well; undefined of nobody."""
    return float((part & whole).sum() / whole.sum()) if whole.any() else None


def causation(natural, without, with_, present, absent, k):
    """The six figures of a class, from predictions as they are and at either end."""
    y, y0, y1 = natural == k, without == k, with_ == k
    everyone = np.ones(len(natural), bool)
    pns, reversed_ = share(y1 & ~y0, everyone), share(y0 & ~y1, everyone)
    return {
        "pn": share(~y0, present & y),
        "ps": share(y1, absent & ~y),
        "pn_reversed": share(~y1, absent & y),
        "ps_reversed": share(y0, present & ~y),
        "pns": pns,
        "reversed": reversed_,
        "reliance": share(without != with_, everyone),
        "effect": pns - reversed_,
    }


def main(folder, run):
    data = split(folder, "test")
    model = weights(os.path.join(run, "model.safetensors"))
    metrics = json.load(open(os.path.join(run, "metrics.json")))
    assert metrics["schema"] == 2 and metrics["measured_on"] == "test"
    keys, roles = [str(k) for k in data["keys"]], [str(r) for r in data["roles"]]
    classes, twins = [str(c) for c in data["classes"]], [str(t) for t in data["twin_keys"]]
    predict = lambda world: forward(model, shown(data, world)).argmax(1)
    natural = predict(None)
    y = data["y"]
    checked = 0

    def same(what, found, expected):
        nonlocal checked
        if expected is None or found is None:
            assert found is None and expected is None, (what, found, expected)
        else:
            assert abs(found - expected) <= TOLERANCE, (what, found, expected)
        checked += 1

    same("accuracy", metrics["accuracy"]["test"], float((natural == y).mean()))
    errors, of_causes, relied = [], [], {}
    differ = 0
    for f, (key, role) in enumerate(zip(keys, roles)):
        low, high = data["contrast"][f]
        values = data["latents"][:, f].astype(np.float64)
        if np.all(values == np.round(values)):
            present, absent = values == high, values == low
        else:
            absent = np.abs(values - low) < np.abs(values - high)
            present = ~absent
        told = metrics["causation"][f]
        assert told["factor"] == key and told["role"] == role
        ends = {}
        for reach, ending in [("total", ""), ("direct", ":direct")]:
            ends[reach] = [
                predict(twins.index(f"{key}:{end}{ending}")) for end in ("absent", "present")
            ]
        differ += (ends["total"][0] != ends["direct"][0]).sum()
        for k, name in enumerate(classes):
            said = told["classes"][k]
            assert said["class"] == name
            for reach in ("total", "direct"):
                found = causation(natural, *ends[reach], present, absent, k)
                for figure, value in found.items():
                    same(f"{key} {name} {reach} {figure}", said[reach][figure], value)
                if reach == "total":
                    learned = found
            # Of [forward, reversed] each PN, PS and PNS.
            truth = data["truth"][f, k]
            number = lambda x: None if np.isnan(x) else float(x)
            for figure, value in zip(["pn", "ps", "pns"], truth[0]):
                same(f"{key} {name} true {figure}", said["true"][figure], number(value))
            same(f"{key} {name} true reversed", said["true"]["reversed"], number(truth[1, 2]))
            gaps = [abs(learned["pns"] - truth[0, 2]), abs(learned["reversed"] - truth[1, 2])]
            errors += gaps
            of_causes += gaps if role in ("Snc", "Sc", "Nc") else []
        if role in ("Spurious", "Nuisance"):
            relied[key] = float((ends["direct"][0] != ends["direct"][1]).mean())
    assert differ > 0, "no prediction differs between total and direct twins"
    groups = []
    for key, role in zip(keys, roles):
        if role == "Spurious":
            f = keys.index(key)
            side = data["latents"][:, f] == data["contrast"][f, 1]
            for k in range(len(classes)):
                for there in (False, True):
                    member = (y == k) & (side == there)
                    if member.sum() >= 20:
                        groups.append(float((natural == y)[member].mean()))
    headline = metrics["headline"]
    same("worst group", headline["worst_group"], min(groups))
    same("reliance mean", headline["reliance"]["mean"], float(np.mean(list(relied.values()))))
    same("reliance worst", headline["reliance"]["worst"], max(relied.values()))
    assert relied[headline["reliance"]["factor"]] == max(relied.values())
    same("grasp", headline["grasp"], float(np.mean(of_causes)))
    same("causal error", headline["causal_error"], float(np.mean(errors)))
    print(f"table: {checked} figures of a model made again from its data, within {TOLERANCE}")


main(sys.argv[1], sys.argv[2])
