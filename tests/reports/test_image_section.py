"""What the page shows of images."""

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data.augment.simclr import Crops
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference import inspection
from simclrv2_tf.reports import image_section
from simclrv2_tf.reports.history import RunHistory
from simclrv2_tf.reports.report_images import Images
from simclrv2_tf.runs.inputs import crops_of


@pytest.mark.parametrize(
    ("flags", "crops"),
    [
        ({"crop_area_min": 0.6, "random_flip": False}, Crops(0.6, False)),
        ({}, crops_of(Config())),  # of an earlier version
    ],
)
def test_views_are_cropped_and_flipped_as_the_run_has_it(
    monkeypatch, flags, crops
):
    configs = []
    monkeypatch.setattr(
        inspection,
        "rows_of_views",
        lambda config, *_: configs.append(config) or [],
    )
    pixels = np.zeros((1, 8, 8, 3), np.uint8)
    source = Source("some", np.full(1, -1, np.int32), InMemory(pixels))
    run = RunHistory("", "", "", flags, {}, [])
    image_section._views(Images(Config(), source, None), run)
    assert [crops_of(config) for config in configs] == [crops]
