"""Names of splits that TFDS could not read are refused before any work."""

from __future__ import annotations

import os

import pytest

from simclrv2_tf.data.prepare import command


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("file,label,split\na.png,x,train\nb.png,y,fold 1\n")
    return f"csv:{path}"


def test_a_split_named_with_a_space_is_refused(table, tmp_path):
    target = str(tmp_path / "prepared")
    with pytest.raises(ValueError, match="'fold 1'; give .*'fold_1=fold 1'"):
        command.run(table, target)
    assert not os.path.exists(target)


def test_its_images_may_have_another_name():
    wanted = command.parse_splits("train,fold_1=fold 1")
    assert wanted == {"train": "train", "fold_1": "fold 1"}
    command._check_names(wanted)
