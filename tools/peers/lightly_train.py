"""Trains the peer's loop and leaves its features, to be judged by neighbours.

    python -m tools.peers.lightly_train --npz=FILE --model_dir=DIR

It takes a linear warm-up of an epoch, then a cosine to 0 over --train_steps.
SIGTERM or Ctrl-C stops it with its state written, and the same command goes on.
"""

import argparse
import math
import os
import pathlib
import signal
import sys

import numpy as np
import torch
from lightly.models.utils import get_weight_decay_parameters
from lightly.transforms.utils import IMAGENET_NORMALIZE
from lightly.utils.lars import LARS

from tools.peers import cases
from tools.peers import lightly_parts
from tools.peers.handover import FEATURES
from tools.peers.handover import PREEMPTED

STATE = "state.pt"
SAVED_EVERY = 500  # steps
BATCH = 500  # images whose features are taken at once
DECAY = {"sgd": 5e-4, "lars": 1e-4}


def main(arguments=None):
    options = parse_arguments(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    folder = pathlib.Path(options.model_dir)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = np.load(options.npz)
    images = arrays["x_train"]
    training = Training(options, len(images))
    training.restore(folder / STATE)
    train(training, images, options, folder / STATE)
    backbone = training.network.backbone.eval()
    pixels = {"known": images, "asked": arrays["x_test"]}
    np.savez(
        folder / FEATURES,
        **{name: features(backbone, each) for name, each in pixels.items()},
    )


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--npz", required=True, help="CIFAR-10")
    parser.add_argument("--model_dir", required=True)
    parser.add_argument("--train_steps", type=int, required=True)
    parser.add_argument("--optimizer", choices=DECAY, default="sgd")
    parser.add_argument("--rate", type=float, required=True, help="for 256")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=cases.cores())
    cases.add_setting(parser)
    return parser.parse_args(arguments)


class Training:
    """Network, optimizer and schedule, and how far they are.

    Args:
      options: The command line.
      examples: Images of training.
    """

    def __init__(self, options, examples):
        case = cases.NEIGHBOURS
        self.network = lightly_parts.Network(case)
        optimizer = optimizer_of(self.network, options, case.batch)
        setting = cases.setting_of(options.setting, options.workers)
        self._step = lightly_parts.Step(self.network, case, setting, optimizer)
        shape = share_of_rate(examples // case.batch, options.train_steps)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, shape)
        self._optimizer, self._schedule, self.step = optimizer, schedule, 0

    def advance(self, views):
        """Trains a step; the loss."""
        loss = self._step(views)
        self._schedule.step()
        self.step += 1
        return loss

    def save(self, path):
        """Writes the state, seen whole or not at all."""
        staged = path.with_name(f"{path.name}.tmp")
        torch.save([part.state_dict() for part in self._parts], staged)
        os.replace(staged, path)

    def restore(self, path):
        """Goes on from a state, if one is there."""
        if not path.exists():
            return
        for part, state in zip(self._parts, torch.load(path), strict=True):
            part.load_state_dict(state)
        self.step = self._schedule.last_epoch

    @property
    def _parts(self):
        return self.network, self._optimizer, self._schedule


def optimizer_of(network, options, batch):
    """SGD or lightly's LARS; normalization and offsets do not decay."""
    decaying, others = get_weight_decay_parameters([network])
    decay = DECAY[options.optimizer]
    groups = [
        {"params": decaying, "weight_decay": decay},
        {"params": others, "weight_decay": 0.0},
    ]
    kind = {"sgd": torch.optim.SGD, "lars": LARS}[options.optimizer]
    return kind(groups, lr=options.rate * batch / 256, momentum=0.9)


def share_of_rate(warm_up, steps):
    """Function from the step to the share of the rate: a ramp, a cosine."""

    def share(step):
        if step < warm_up:
            return (step + 1) / warm_up
        done = (step - warm_up) / max(1, steps - warm_up)
        return (1 + math.cos(math.pi * min(1.0, done))) / 2

    return share


def train(training, images, options, path):
    """Trains to the last step, or stops with its state when asked to."""
    signals = []
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: signals.append(True))
    loader = lightly_parts.batches_of(
        images, cases.NEIGHBOURS, options.workers, options.seed + training.step
    )
    batches = lightly_parts.endless(loader)
    while training.step < options.train_steps:
        loss = training.advance(next(batches))
        if signals or training.step % SAVED_EVERY == 0:
            print(f"step {training.step} loss {loss:.4f}", flush=True)
            training.save(path)
        if signals:
            sys.exit(PREEMPTED)
    training.save(path)


@torch.no_grad()
def features(backbone, images):
    """float32 (n, features) of uint8 images (n, height, width, 3)."""
    mean, spread = (
        torch.tensor(IMAGENET_NORMALIZE[name]).view(3, 1, 1)
        for name in ("mean", "std")
    )
    blocks = []
    for start in range(0, len(images), BATCH):
        part = torch.from_numpy(images[start : start + BATCH])
        part = (part.permute(0, 3, 1, 2).float() / 255 - mean) / spread
        blocks.append(backbone(part).numpy())
    return np.concatenate(blocks)


if __name__ == "__main__":
    main()
