"""Where results go: a directory of this machine, or one sentence."""

import pytest

from simclrv2_tf.files import output_directory


def test_a_directory_need_not_exist(tmp_path):
    for path in (tmp_path, tmp_path / "new" / "one"):
        assert output_directory.checked("x", str(path), "tables") == str(path)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("path", [None, ""])
def test_none_is_refused(path):
    with pytest.raises(ValueError, match="`x` must say where tables go .*None"):
        output_directory.checked("x", path, "tables")


def test_a_bucket_and_a_file_are_refused(tmp_path):
    with pytest.raises(ValueError, match="of this machine.*gs://bucket"):
        output_directory.checked("x", "gs://bucket", "tables")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="must name a directory.*is a file"):
        output_directory.checked("x", str(tmp_path / "file"), "tables")
