"""The peer's loop: lightly's transform, head and loss on PyTorch.

It runs in the environment of tools/peers.sh, where there is no TensorFlow.
Networks are torchvision's; the smaller ResNet has the stem for 32 pixels, and
in its first block the projection that ours has, so that both have as many
parameters but for the offsets of the head's last normalization.
"""

import contextlib
import pathlib
import signal

import numpy as np
import torch
from lightly.loss import NTXentLoss
from lightly.models.modules.heads import SimCLRProjectionHead
from lightly.transforms.simclr_transform import SimCLRTransform
from PIL import Image
from torch import nn
from torchvision.models import resnet

from tools.peers.cases import BFLOAT16

REPEATS = 500  # of the list of photographs, so that no epoch ends


class Network(nn.Module):
    """A backbone without its classifier, and lightly's projection head.

    Args:
      case: A `Case`.
    """

    def __init__(self, case):
        super().__init__()
        self.backbone = backbone_of(case)
        width = self.backbone.fc.in_features
        self.backbone.fc = nn.Identity()
        self.head = SimCLRProjectionHead(width, width, case.projection)

    def forward(self, images):
        return self.head(self.backbone(images))


def backbone_of(case):
    if case.image_size > 32:
        return {18: resnet.resnet18, 50: resnet.resnet50}[case.depth]()
    return SmallResNet(case.width)


class SmallResNet(resnet.ResNet):
    """ResNet-18 for 32 pixels: a stem of stride 1 that does not pool.

    Args:
      width: Times the channels.
    """

    def __init__(self, width):
        super().__init__(resnet.BasicBlock, [2, 2, 2, 2])
        first = int(64 * width)
        self.inplanes = first
        self.conv1 = nn.Conv2d(3, first, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.maxpool = nn.Identity()
        self.layer1 = self._make_layer(resnet.BasicBlock, first, 2)
        self.layer1[0].downsample = projection(first)
        for group in (2, 3, 4):
            block = first * 2 ** (group - 1)
            layer = self._make_layer(resnet.BasicBlock, block, 2, stride=2)
            setattr(self, f"layer{group}", layer)
        self.fc = nn.Linear(8 * first, 10)


def projection(channels):
    convolution = nn.Conv2d(channels, channels, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels))


class Pixels(torch.utils.data.Dataset):
    """Two views of each image of an array.

    Args:
      images: uint8 (n, height, width, 3).
      transform: From a PIL image to views.
    """

    def __init__(self, images, transform):
        self._images, self._transform = images, transform

    def __len__(self):
        return len(self._images)

    def __getitem__(self, index):
        return self._transform(Image.fromarray(self._images[index]))


class Files(torch.utils.data.Dataset):
    """Two views of each image file below a folder.

    Args:
      folder: Of class folders.
      transform: From a PIL image to views.
    """

    def __init__(self, folder, transform):
        self._paths = sorted(pathlib.Path(folder).glob("*/*")) * REPEATS
        self._transform = transform

    def __len__(self):
        return len(self._paths)

    def __getitem__(self, index):
        with Image.open(self._paths[index]) as image:
            return self._transform(image.convert("RGB"))


def transform_of(case):
    return SimCLRTransform(
        input_size=case.image_size,
        cj_strength=case.strength,
        gaussian_blur=0.5 if case.blur else 0.0,
    )


def batches_of(images, case, workers, seed=0):
    """A loader of shuffled batches of two views.

    Args:
      images: Array of pixels, or a folder of photographs.
      case: A `Case`.
      workers: Processes that make views.
      seed: Of order and views.
    """
    kind = Pixels if isinstance(images, np.ndarray) else Files
    torch.manual_seed(seed)
    return torch.utils.data.DataLoader(
        kind(images, transform_of(case)),
        batch_size=case.batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        worker_init_fn=leave_signals,
    )


def leave_signals(worker):
    """A signal to the whole group is for the parent, which stops cleanly."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)


def endless(loader):
    while True:
        yield from loader


class Step:
    """A step of training.

    Args:
      network: A `Network`.
      case: A `Case`.
      setting: A `Setting`.
      optimizer: Of the network's parameters.
    """

    def __init__(self, network, case, setting, optimizer):
        self._layout = torch.contiguous_format
        if setting.channels_last:
            self._layout = torch.channels_last
            network.to(memory_format=self._layout)
        self._forward = torch.compile(network) if setting.compiled else network
        self._loss = NTXentLoss(temperature=case.temperature)
        self._optimizer = optimizer
        self._bfloat16 = setting.precision == BFLOAT16

    def __call__(self, views):
        """Trains on a pair of views; the loss."""
        images = torch.cat(views).to(memory_format=self._layout)
        with self._arithmetic():
            outputs = self._forward(images)
        loss = self._loss(*outputs.float().chunk(2))
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        return float(loss.detach())

    def _arithmetic(self):
        if not self._bfloat16:
            return contextlib.nullcontext()
        return torch.autocast("cpu", torch.bfloat16)
