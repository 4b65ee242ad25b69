"""Data sets of `twinworld generate`, read by those who are meant to read them.

Usage: check.py FOLDER, where FOLDER holds npz/, npz-each/, parquet/, parquet-each/, webdataset/,
webdataset-each/: the duck scene, train=40,test=24, shard size 16, with --twins lake=0 and
--twins each-factor.
"""

import glob
import hashlib
import io
import json
import os
import sys
import wave

import datasets
import mlcroissant
import numpy as np
import pyarrow.parquet as pq
import webdataset
from PIL import Image

ROWS = {"train": 40, "test": 24}
SHARDS = {"train": 3, "test": 2}


def shards(folder, split, ending):
    found = sorted(glob.glob(os.path.join(folder, f"{split}-*-of-*.{ending}")))
    assert len(found) == SHARDS[split], (folder, found)
    return found


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def wav(data):
    with wave.open(io.BytesIO(data)) as sound:
        assert sound.getnchannels() == 1 and sound.getsampwidth() == 2
        return sound.getframerate(), np.frombuffer(sound.readframes(sound.getnframes()), "<i2")


def png(data):
    picture = Image.open(io.BytesIO(data))
    assert picture.mode == "RGB"
    return np.asarray(picture)


def every_folder(folder):
    """What all formats have: model, checksums, card, Croissant."""
    model = json.load(open(os.path.join(folder, "scm.json")))
    names = [node["name"] for node in model["nodes"]]
    adjacency = np.load(os.path.join(folder, "adjacency.npy"), allow_pickle=False)
    assert adjacency.tolist() == model["adjacency"] and adjacency.shape == (len(names),) * 2
    for parent, child in model["edges"]:
        assert adjacency[names.index(parent), names.index(child)] == 1
    assert adjacency.sum() == len(model["edges"])
    truth = {node["name"]: node for node in model["nodes"]}
    assert abs(truth["flat_bill"]["pns"] - 0.81) < 1e-9 and truth["lake"]["pns"] == 0
    assert truth["flat_bill"]["role"] == "Snc" and truth["lake"]["exact"]
    assert set(model["mechanisms"]) == set(names) and "flipped" in model["regimes"]
    listed = 0
    for line in open(os.path.join(folder, "SHA256SUMS")):
        digest, name = line.rstrip("\n").split("  ")
        data = open(os.path.join(folder, name), "rb").read()
        assert hashlib.sha256(data).hexdigest() == digest, name
        listed += 1
    assert listed == len([n for n in os.listdir(folder) if not n.startswith(".")]) - 1
    front = open(os.path.join(folder, "README.md")).read().split("---")[1]
    assert "configs:" in front and "split: train" in front and "split: test" in front

    croissant = mlcroissant.Dataset(os.path.join(folder, "croissant.json"))
    assert not croissant.metadata.issues.errors, croissant.metadata.issues.report()
    factors = list(croissant.records("factors"))
    by_name = {text(row["factors/name"]): row for row in factors}
    assert by_name["wings"]["factors/pn"] == 1.0
    return model, croissant


def npz(folder, each):
    every_folder(folder)
    start = 0
    for split in ("train", "test"):
        parts = [np.load(path, allow_pickle=False) for path in shards(folder, split, "npz")]
        data = {key: np.concatenate([part[key] for part in parts]) for key in ("y", "index")}
        assert data["index"].tolist() == list(range(start, start + ROWS[split]))
        start += ROWS[split]
        for part in parts:
            check_npz(part, each)


def check_npz(part, each):
    n, keys = len(part["y"]), part["keys"].tolist()
    nodes, lake = part["node_keys"].tolist(), keys.index("lake")
    twins = (len(keys),) if each else ()
    assert part["images"].shape == (n, 32, 32, 3) and part["images"].dtype == np.uint8
    assert part["images_cf"].shape == (n, *twins, 32, 32, 3)
    assert part["audio"].shape == (n, 2048) and part["audio"].dtype == np.int16
    assert part["audio_cf"].shape == (n, *twins, 2048) and part["sampling_rate"].tolist() == [8000]
    assert part["tokens"].shape == (n, 16) and part["text_cf"].shape == (n, *twins)
    words = part["vocabulary"]
    for sentence, tokens in zip(part["text"], part["tokens"]):
        assert sentence == " ".join(words[t] for t in tokens if t != 0)
    assert part["latents"].shape == (n, len(keys)) and part["latents"].dtype == np.float32
    assert part["epsilon"].shape == (n, len(nodes)) and part["epsilon"].dtype == np.float64
    assert part["targets_cf"].shape == (n, *twins, len(nodes)) and not part["targets"].any()
    assert part["present"].all() and part["modalities"].tolist() == ["image", "audio", "text"]
    assert part["adjacency"].shape == (len(nodes), len(nodes))
    assert part["confounder_keys"].tolist() == ["habitat"]
    assert abs(part["pns"][keys.index("flat_bill")] - 0.81) < 1e-9
    assert part["roles"][lake] == "Spurious" and part["classes"].tolist()[1] == "duck"
    latents = dict(zip(keys, part["latents"].T))
    rule = (latents["wings"] > 0) & ((latents["flat_bill"] > 0) | (latents["webbed_paws"] > 0))
    assert (part["y"] == rule).all()
    if each:
        assert part["twin_keys"].tolist() == keys
        for i in range(len(keys)):
            differs = (part["latents"] != part["latents_cf"][:, i]).sum(axis=1)
            assert (differs <= 1).all()
            assert (part["targets_cf"][:, i].sum(axis=1) == 1).all()
            assert part["targets_cf"][:, i, nodes.index(keys[i])].all()
        assert (part["latents_cf"][:, lake, lake] == 1 - part["latents"][:, lake]).all()
        assert (part["y_cf"][:, lake] == part["y"]).all()
        twin, changed = part["images_cf"][:, lake], np.ones(n, bool)
    else:
        assert part["twin_keys"].tolist() == ["lake=0"]
        assert (part["latents_cf"][:, lake] == 0).all() and (part["y_cf"] == part["y"]).all()
        assert (part["target_values_cf"] == 0).all()
        twin, changed = part["images_cf"], part["latents"][:, lake] == 1
        for key in ("images", "audio", "tokens", "text"):
            same = part[f"{key}_cf"] == part[key]
            assert same.reshape(n, -1)[~changed].all(), key
    assert (twin != part["images"]).reshape(n, -1).any(axis=1)[changed].all()


def parquet(folder, npz_folder, each):
    _, croissant = every_folder(folder)
    table = pq.read_table(shards(folder, "train", "parquet")[0])
    assert b"huggingface" in table.schema.metadata
    assert json.loads(table.schema.metadata[b"twinworld"])["scene"] == "duck"
    os.environ["HF_DATASETS_OFFLINE"] = "1"
    loaded = datasets.load_dataset(folder)
    arrays = np.load(shards(npz_folder, "train", "npz")[0])
    for split, rows in ROWS.items():
        data = loaded[split]
        assert len(data) == rows
        assert isinstance(data.features["image"], datasets.Image)
        assert isinstance(data.features["audio"], datasets.Audio)
        assert data.features["label"].names[1] == "duck"
        for suffix in ["", "_cf_lake", "_cf_hue"] if each else ["", "_cf"]:
            data = data.cast_column(f"audio{suffix}", datasets.Audio(decode=False))
        for name in data.column_names:
            if name.startswith("audio"):
                data = data.cast_column(name, datasets.Audio(decode=False))
        for i in range(4):
            row = data[i]
            assert row["image"].size == (32, 32)
            rate, samples = wav(row["audio"]["bytes"])
            assert rate == 8000 and samples.shape == (2048,)
            if split == "train":
                assert (np.asarray(row["image"]) == arrays["images"][i]).all()
                assert (samples == arrays["audio"][i]).all()
                assert row["text"] == arrays["text"][i] and row["label"] == arrays["y"][i]
                assert row["tokens"] == arrays["tokens"][i].tolist()
                assert list(row["exogenous"].values()) == arrays["epsilon"][i].tolist()
                assert row["roles"]["lake"] == "Spurious" and row["present"]["image"] is True
            twin = "_cf_lake" if each else "_cf"
            assert row[f"image{twin}"].size == (32, 32)
            wav(row[f"audio{twin}"]["bytes"])
            assert row[f"label{twin}"] == row["label"]
            assert row[f"interventions{twin}"][0]["node"] == "lake"
            assert row["interventions"] == []
    first = next(iter(croissant.records("rows")))
    assert first["rows/label"] in (0, 1) and first["rows/image"] is not None


def tars(folder, npz_folder, each):
    every_folder(folder)
    arrays = np.load(shards(npz_folder, "train", "npz")[0])
    for split, rows in ROWS.items():
        paths = shards(folder, split, "tar")
        data = list(webdataset.WebDataset(paths, shardshuffle=False))
        assert len(data) == rows
        for i, sample in enumerate(data[:16]):
            facts = json.loads(sample["json"])
            rate, samples = wav(sample["wav"])
            twin = "cf.lake" if each else "cf"
            assert sample["__key__"] == f"{facts['index']:010}" and rate == 8000
            assert png(sample[f"{twin}.png"]).shape == (32, 32, 3)
            other = json.loads(sample[f"{twin}.json"])
            assert list(other["interventions"]) == ["lake"] and facts["interventions"] == {}
            assert facts["roles"]["lake"] == "Spurious" and facts["present"]["audio"] is True
            if split == "train":
                assert (png(sample["png"]) == arrays["images"][i]).all()
                assert (samples == arrays["audio"][i]).all()
                assert sample["txt"].decode() == arrays["text"][i]
                assert facts["y"] == arrays["y"][i]
                assert list(facts["exogenous"].values()) == arrays["epsilon"][i].tolist()
        decoded = next(iter(webdataset.WebDataset(paths, shardshuffle=False).decode("rgb8")))
        assert decoded["png"].shape == (32, 32, 3) and decoded["json"]["y"] in (0, 1)


def main(home):
    for each, ending in ((False, ""), (True, "-each")):
        arrays = os.path.join(home, f"npz{ending}")
        npz(arrays, each)
        parquet(os.path.join(home, f"parquet{ending}"), arrays, each)
        tars(os.path.join(home, f"webdataset{ending}"), arrays, each)
        print(f"npz, parquet, webdataset, croissant{ending}: ok")


main(sys.argv[1])
