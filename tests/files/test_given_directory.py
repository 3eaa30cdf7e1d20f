"""A directory that must be given."""

import pytest

from simclrv2_tf.files.given_directory import check_model_dir


@pytest.mark.parametrize("directory", [None, ""])
def test_none_is_refused(directory):
    with pytest.raises(ValueError, match="of the job: give --model_dir"):
        check_model_dir(directory, "job")


def test_one_need_not_exist(tmp_path):
    check_model_dir(str(tmp_path / "new"), "run")
    assert not (tmp_path / "new").exists()
