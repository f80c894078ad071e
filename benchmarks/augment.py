"""What augmentation costs beside a training step of `stacked_cnn`, on one thread.

    python benchmarks/augment.py [--rounds 60]

A batch of 128 examples of 80 × 80, float32. Every augmentation of the catalog with its defaults, random_crop, the chain
of each shipped recipe, and one chain of all take turns with the step, so that other work on the machine meets them
alike. Prints the median processor time of each, its median share of the step beside it (20 % is the limit, for a chain
too), and the peak memory of a process that trains without and with each chain.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy

from earmark.augment.chain import Augmentation, chain
from earmark.augment.random_crop import random_crop
from earmark.catalog import AUGMENTATIONS
from earmark.models.stacked_cnn import StackedCNN
from earmark.recipe import find_recipe, read_recipe, recipe_names

BATCH, BANDS, FRAMES, CLASSES = 128, 80, 80, 8
LIMIT = 0.2
ALL = "all of the catalog"


def chains() -> dict[str, Augmentation]:
    """By their names: each alone, the distinct ones of the shipped recipes, and all in a row."""
    built = {name: AUGMENTATIONS.build(name, options={}) for name in AUGMENTATIONS.names()}
    found = {name: [augmentation] for name, augmentation in built.items()} | {"random_crop": [random_crop(frames=64)]}
    for recipe in (read_recipe(find_recipe(name)) for name in recipe_names()):
        if recipe.augment:
            label = " + ".join(choice.name for choice in recipe.augment)
            found["recipes: " + label] = [AUGMENTATIONS.build(c.name, options=c.options) for c in recipe.augment]
    found[ALL] = [*built.values()]
    return {name: chain(augmentations, classes=CLASSES) for name, augmentations in found.items()}


class Work:
    """A batch, a network that learns from it, and generators of their own."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self.generator = torch.Generator().manual_seed(1)
        self.x = torch.randn(BATCH, BANDS, FRAMES, generator=self.generator)
        self.labels = torch.randint(CLASSES, (BATCH,), generator=self.generator)
        self.model = StackedCNN((BANDS, FRAMES), CLASSES)
        self.optimiser = torch.optim.SGD(self.model.parameters(), lr=0.02, momentum=0.9)

    def step(self, augmentation: Augmentation | None = None) -> None:
        """One training step."""
        x, target = (self.x, self.labels) if augmentation is None else self.augmented(augmentation)
        self.optimiser.zero_grad()
        cross_entropy(self.model(x), target).backward()
        self.optimiser.step()

    def augmented(self, augmentation: Augmentation) -> tuple[torch.Tensor, torch.Tensor]:
        """The batch augmented; standardising hands the loop a copy of its own too, which may be changed."""
        return augmentation(self.x.clone(), self.labels, self.generator)


def seconds(call: Callable[[], object]) -> float:
    """Processor time."""
    start = time.process_time()
    call()
    return time.process_time() - start


def peak(name: str) -> None:
    """Print the most memory in MB that training with that chain takes: this process does nothing else."""
    work = Work()
    augmentation = chains().get(name)
    for _ in range(5):
        work.step(augmentation)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)


def peak_of(name: str) -> float:
    """The same of a new process."""
    command = [sys.executable, __file__, "--peak", name]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def measure(rounds: int) -> None:
    """The table."""
    work, measured = Work(), chains()
    steps, shares, took = [], {name: [] for name in measured}, {name: [] for name in measured}
    for turn in range(rounds + 3):
        step = seconds(work.step)
        for name, augmentation in measured.items():
            cost = seconds(lambda augmentation=augmentation: work.augmented(augmentation))
            if turn >= 3:  # the first turns warm up
                took[name].append(cost)
                shares[name].append(cost / step)
        if turn >= 3:
            steps.append(step)
    print(f"{1e3 * statistics.median(steps):7.2f} ms {'':7} {peak_of(''):5.0f} MB  a training step")
    for name in measured:
        share = statistics.median(shares[name])
        memory = f"{peak_of(name):5.0f} MB" if "recipes" in name or name == ALL else ""
        over = ", over the limit" if share > LIMIT else ""
        print(f"{1e3 * statistics.median(took[name]):7.2f} ms {share:7.1%} {memory:8}  {name}{over}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--peak", metavar="CHAIN", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak is not None:
        peak(arguments.peak)
    else:
        measure(arguments.rounds)
