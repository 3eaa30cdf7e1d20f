"""A format without names for a network leaves no target behind."""

import pytest
import stand_ins

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import naming
from simclrv2_tf.checkpoints import tf1


@pytest.mark.parametrize("name", ["x.pth", "x.safetensors", "ckpt-0"])
def test_no_half_of_a_target_is_left(name, tmp_path, monkeypatch):
    source, target = tmp_path / "source", tmp_path / "target"
    for folder in (source, target):
        folder.mkdir()
    weights = stand_ins.weights(stand_ins.SMALL)
    tf1.write(str(source / "model.ckpt-7"), weights)
    found = naming.names

    def unnamed(scheme, arguments):
        return found(lambda *_: None, arguments)

    monkeypatch.setattr(naming, "names", unnamed)
    with pytest.raises(ValueError, match="no names for this network.*another"):
        hub.convert(source, target / name)
    assert not list(target.iterdir())
