"""One update of the same model in PyTorch, beside `twinworld bench step`, in one run.

step.py PROGRAM [--objective erm|c3r] [--batch 64,256,...] [--rounds N]

PROGRAM is the release build of twinworld. Both make the same number of updates by turns on the
same number of threads: encoders 3072, 1024 and 64 -> 64 -> 64 with ELU, a joint network
192 -> 64 -> 32 -> 128 -> 64, a linear head of four classes, Adam; for `c3r` also the instrument of
Eq. 6, the hypothetical branch and all terms of Eq. 10. Needs torch. Prints a line per batch and,
last, the least of the ratios (PyTorch's time over ours).
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

WIDTHS, FEATURES, CLASSES = (3072, 1024, 64), 64, 4


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        encoder = lambda n: nn.Sequential(
            nn.Linear(n, FEATURES), nn.ELU(), nn.Linear(FEATURES, FEATURES), nn.ELU())
        self.encoders = nn.ModuleList(encoder(n) for n in WIDTHS)
        self.joint = nn.Sequential(
            nn.Linear(3 * FEATURES, 64), nn.ELU(), nn.Linear(64, 32), nn.ELU(),
            nn.Linear(32, 128), nn.ELU(), nn.Linear(128, 64))
        self.head = nn.Linear(64, CLASSES)
        self.query, self.key, self.value = (nn.Linear(FEATURES, FEATURES, bias=False) for _ in range(3))

    def loss(self, xs, y, objective):
        h = torch.stack([encoder(x) for encoder, x in zip(self.encoders, xs)], 1)
        z = self.joint(h.flatten(1))
        logits = self.head(z)
        sufficiency = F.cross_entropy(logits, y)
        if objective == "erm":
            return sufficiency
        # The instrument is a constant here, as it is by default.
        with torch.no_grad():
            q, k, v = self.query(h), self.key(h), self.value(h)
            score = q @ k.transpose(1, 2) * 0.125 - 0.1 * torch.cdist(q, k).square()
            instrument = (score.softmax(2) @ v).mean(1)
            one_hot = F.one_hot(y, CLASSES).float()
            spread = (z - z.mean(0)).square().sum(1).mean().sqrt()
        others = (logits - 1e4 * one_hot).softmax(1)
        step = (others - one_hot) @ self.head.weight
        z_bar = z + spread * step / step.norm(dim=1, keepdim=True).clamp_min(1e-6)
        hypothetical = self.head(z_bar)
        necessity = (hypothetical.logsumexp(1)
                     - (hypothetical - 1e4 * one_hot).logsumexp(1)).mean()
        log_z = z.log_softmax(1)
        kl = lambda other: (log_z.exp() * (log_z - other.log_softmax(1))).sum(1)
        return sufficiency + necessity + 0.75 * kl(instrument).mean() \
            + 0.4 * (kl(z_bar) - 0.1).relu().mean()


class Rival:
    def __init__(self, batch, objective):
        torch.manual_seed(0)
        self.net, self.objective = Net(), objective
        self.xs = [torch.rand(batch, n) * 2 - 1 for n in WIDTHS]
        self.y = torch.arange(batch) % CLASSES
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3)
        for _ in range(3):
            self.step()

    def step(self):
        self.adam.zero_grad(set_to_none=True)
        self.net.loss(self.xs, self.y, self.objective).backward()
        self.adam.step()

    def microseconds(self, updates):
        times = []
        for _ in range(updates):
            start = time.perf_counter()
            self.step()
            times.append(time.perf_counter() - start)
        return 1e6 * statistics.median(times)


def ours(program, batch, objective, updates, threads):
    command = [program, "bench", "step", "--engine", "fused", "--objective", objective, "--batch",
               str(batch), "--updates", str(updates), "--json"]
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])["microseconds"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--objective", default="c3r", choices=["erm", "c3r"])
    parser.add_argument("--batch", default="64,256,1024,4096")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    threads = torch.get_num_threads()
    print(f"torch {torch.__version__}, {threads} threads, {given.objective}", file=sys.stderr)
    print(f"{'batch':>6} {'torch us':>10} {'ours us':>10}   ratio (range)")
    least = float("inf")
    for batch in map(int, given.batch.split(",")):
        rival, updates = Rival(batch, given.objective), max(5, min(50, 20000 // batch))
        rounds = [(rival.microseconds(updates), ours(given.program, batch, given.objective, updates, threads))
                  for _ in range(given.rounds)]
        ratios = [torchs / mine for torchs, mine in rounds]
        middle = statistics.median(ratios)
        least = min(least, middle)
        print(f"{batch:>6} {statistics.median(r[0] for r in rounds):>10.0f} "
              f"{statistics.median(r[1] for r in rounds):>10.0f}   "
              f"{middle:.2f} ({min(ratios):.2f}-{max(ratios):.2f})")
    print(f"ratio {least:.2f}")


main()
