"""What is set aside is what training left out, whatever is left out since."""

import json

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data import holdout
from simclrv2_tf.runs import inputs

ASIDE = {"dataset": "digits", "holdout_fraction": 0.2}


@pytest.fixture
def asks(tmp_path):
    """Function to the numbers of a part, as a run's evaluation has it."""

    def numbers(split, recorded=ASIDE, mode="eval", **options):
        (tmp_path / "flags.json").write_text(json.dumps(recorded))
        options = {**ASIDE, "model_dir": str(tmp_path), **options}
        config = Config(mode=mode, **options)
        return inputs.open_source(config, split).numbers.tolist()

    return numbers


def table_of(path, numbers):
    path.write_text("".join(f"digits (train)#{n}\n" for n in numbers))
    return str(path)


@pytest.mark.parametrize("split", ["holdout", "train"])
@pytest.mark.parametrize("own", [None, range(100, 160)])
def test_what_is_left_out_since_training_changes_no_holdout(
    asks, tmp_path, split, own
):
    own = own and table_of(tmp_path / "own.txt", own)
    recorded = {**ASIDE, "exclude_images": own}
    trained = asks(split, mode="train", exclude_images=own)
    since = table_of(tmp_path / "since.txt", range(40))
    found = asks(split, recorded, exclude_images=since)
    assert found == [n for n in trained if n >= 40] != trained
    assert asks(split, recorded, exclude_images=own) == trained
    assert asks(split, recorded) == trained  # what it left out stays so


def test_training_draws_its_holdout_from_what_it_is_left(asks, tmp_path):
    table = table_of(tmp_path / "names.txt", range(100, 160))
    labels = inputs.open_source(Config(dataset="digits")).labels
    kept = np.delete(np.arange(len(labels)), range(100, 160))
    drawn = kept[holdout.held_out(labels[kept], 0.2)].tolist()
    # A run that goes on with another table, and weights of no holdout.
    assert asks("holdout", mode="train", exclude_images=table) == drawn
    plain = {"dataset": "digits"}
    assert asks("holdout", plain, exclude_images=table) == drawn


def test_a_holdout_whose_table_is_gone_may_be_another(asks, tmp_path, caplog):
    recorded = {**ASIDE, "exclude_images": str(tmp_path / "gone.txt")}
    table = table_of(tmp_path / "names.txt", range(100, 160))
    asks("holdout", recorded, exclude_images=table)
    assert "THE HELD-OUT IMAGES MAY BE OTHERS" in caplog.text
    assert "gone.txt" in caplog.text
