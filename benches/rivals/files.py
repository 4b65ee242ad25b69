"""A NumPy rival end to end: a causal model, a 64 px picture, 1 s of 16 kHz sound, a caption and a
JSON of the factors, specimen and twin, into tar files of PNG + WAV + TXT + JSON.

files.py memory   renders in memory, one process
files.py files N  writes to the folder N with one and with two processes

Prints one line of JSON with samples per second (a sample is one world: specimens and twins count).
"""
import io
import json
import os
import sys
import tarfile
import time
import wave
from multiprocessing import Pool

import numpy as np
from PIL import Image

SIDE, RATE = 64, 16_000
Y, X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
T = np.arange(RATE, dtype=np.float32) / RATE
PAIRS = 400


def model(u, do={}):
    cause = u[0] < 0.5
    x = {"hue": do.get("hue", float(np.clip(0.3 * cause + 0.7 * u[1], 0, 1)))}
    x["size"] = do.get("size", 0.1 + 0.2 * (0.5 * x["hue"] + 0.5 * u[2]))
    x["pitch"] = do.get("pitch", 200 + 800 * (0.6 * x["size"] / 0.3 + 0.4 * u[3]))
    x["x"], x["y"] = u[4], u[5]
    x["ground"] = float(np.clip(0.5 * cause + 0.5 * u[6], 0, 1))
    x["label"] = int(u[7] < 0.1 + 0.5 * (x["size"] > 0.2) + 0.3 * cause)
    return x


def picture(x):
    disc = ((X - x["x"]) ** 2 + (Y - x["y"]) ** 2 < x["size"] ** 2)[..., None]
    colour = np.array([x["hue"], 1 - x["hue"], 0.5]) * 255
    return np.where(disc, colour, x["ground"] * 80).astype(np.uint8)


def sound(x):
    return (np.sin(2 * np.pi * x["pitch"] * T) * np.exp(-3 * T) * 32767).astype(np.int16)


def caption(x):
    size = "large" if x["size"] > 0.2 else "small"
    return f"a {size} disc with a {'high' if x['pitch'] > 600 else 'low'} tone"


def put(tar, name, content):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def write(tar, key, x):
    png = io.BytesIO()
    Image.fromarray(picture(x)).save(png, "PNG")
    put(tar, key + ".png", png.getvalue())
    wav = io.BytesIO()
    with wave.open(wav, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound(x).tobytes())
    put(tar, key + ".wav", wav.getvalue())
    put(tar, key + ".txt", caption(x).encode())
    put(tar, key + ".json", json.dumps(x).encode())


def worlds(part, i):
    u = np.random.default_rng([7, part, i]).random(8)
    return model(u), model(u, {"size": 0.28})


def job(task):
    folder, part = task
    with tarfile.open(os.path.join(folder, f"rival-{part}.tar"), "w") as tar:
        for i in range(PAIRS):
            real, twin = worlds(part, i)
            write(tar, f"{part}_{i:06d}", real)
            write(tar, f"{part}_{i:06d}_twin", twin)


def rate(run, samples):
    start = time.perf_counter()
    run()
    return samples / (time.perf_counter() - start)


def in_memory():
    for i in range(PAIRS):
        for x in worlds(0, i):
            picture(x), sound(x), caption(x)


def side_by_side(folder):
    with Pool(2) as pool:
        pool.map(job, [(folder, part) for part in range(2)])


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        in_memory()  # NumPy's first arrays are slower
        print(json.dumps({"memory": rate(in_memory, 2 * PAIRS)}))
    else:
        folder = sys.argv[2]
        one = rate(lambda: job((folder, 0)), 2 * PAIRS)
        two = rate(lambda: side_by_side(folder), 4 * PAIRS)
        print(json.dumps({"one_process": one, "two_processes": two}))
