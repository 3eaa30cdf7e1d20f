"""What an earlier try could not read counts when its shards go on."""

import numpy as np
import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Files
from simclrv2_tf.inference import embedding_files
from simclrv2_tf.inference import sweep
from simclrv2_tf.inference.result_shards import Shards

COUNT, SIZE = 12, 4
LABELS = np.full(COUNT, -1, np.int32)


@pytest.fixture(params=["archive", "records"])
def kind(request):
    return request.param


def write_as(kind, source):
    """How `--mode=embed` writes a shard."""

    def write(path, numbers, arrays):
        if kind == "archive":
            embedding_files.write_arrays(path, rows=arrays[0], numbers=numbers)
        else:
            files = [source.where(number) for number in numbers]
            labels = LABELS[numbers]
            embedding_files.write_records(path, arrays[0], labels, files, ())

    return write


def images(folder, corrupt):
    from PIL import Image

    for number in range(COUNT):
        path = folder / f"{number:02d}.png"
        Image.new("RGB", (4, 4), (number, 0, 0)).save(path)
        if number in corrupt:
            path.write_bytes(b"no image")
    paths = [str(folder / f"{number:02d}.png") for number in range(COUNT)]
    return Source("some", LABELS, Files(np.array(paths, object)))


def run(source, folder, kind, share):
    config = Config(max_corrupt_fraction=share, eval_batch_size=4)
    shards = Shards(str(folder / "out"), "rows", SIZE, {"examples": COUNT})

    def function(pixels):
        return (pixels[:, 0, 0, :],)

    with shards.opened():
        write = write_as(kind, source)
        sweep.run_shards(config, shards, function, source, 4, write)


def without_last_shard(folder, kind, source):
    """As a try leaves it that was killed after two of three shards."""
    run(source, folder, kind, 0.2)
    (folder / "out" / "rows-00002-of-00003").unlink()


def test_a_repeated_try_gets_no_further(tmp_path, kind, capsys):
    """Two of twelve may be unreadable, and three are."""
    source = images(tmp_path, {1, 6})
    without_last_shard(tmp_path, kind, source)
    (tmp_path / "09.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="Unreadable so far: 3 of 12 images"):
        run(source, tmp_path, kind, 0.2)
    run(source, tmp_path, kind, 0.25)
    assert "3 of 12 images could not be read" in capsys.readouterr().out


def test_more_than_may_be_are_refused(tmp_path, kind):
    source = images(tmp_path, {1, 2})
    without_last_shard(tmp_path, kind, source)
    words = r"parts in '.*out': 2 of 12, the first .*01.png\. Expected: 1 at"
    with pytest.raises(ValueError, match=words):
        run(source, tmp_path, kind, 0.01)
