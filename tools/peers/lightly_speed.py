"""Measures the peer's loop in this process; a line of JSON in the end.

python -m tools.peers.lightly_speed --case=r18-b128 --npz=FILE
"""

import argparse
import itertools
import json
from importlib import metadata

import numpy as np
import torch

from tools.peers import cases
from tools.peers import lightly_parts
from tools.peers.step_clock import StepClock

PACKAGES = ("torch", "torchvision", "lightly", "pillow", "numpy")


def main(arguments=None):
    options = parse_arguments(arguments)
    case = cases.ALL[options.case]
    setting = cases.setting_of(options.setting, options.workers)
    torch.set_num_threads(options.threads)
    network = lightly_parts.Network(case)
    optimizer = torch.optim.SGD(network.parameters(), 0.06, momentum=0.9)
    step = lightly_parts.Step(network, case, setting, optimizer)
    clock = StepClock(case.batch, options.seconds, options.least)
    for views in views_of(options, case, setting.workers):
        step(views)
        if clock.tick():
            break
    parameters = sum(p.numel() for p in network.parameters())
    report = {**clock.figures(), "parameters": parameters, **about(options)}
    print(json.dumps(report), flush=True)


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    cases.add_measurement(parser)
    parser.add_argument("--threads", type=int, default=cases.cores())
    cases.add_setting(parser)
    return parser.parse_args(arguments)


def views_of(options, case, workers):
    """Batches from files, or one that lies in memory over and over."""
    images = options.photos
    if case.image_size <= 32:
        images = np.load(options.npz)["x_train"]
    if options.bare:
        loader = lightly_parts.batches_of(images, case, 0)
        return itertools.repeat(next(iter(loader)))
    loader = lightly_parts.batches_of(images, case, workers)
    return lightly_parts.endless(loader)


def about(options):
    versions = {name: metadata.version(name) for name in PACKAGES}
    return {"threads": options.threads, "versions": versions}


if __name__ == "__main__":
    main()
