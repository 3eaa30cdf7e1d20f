"""From flags to a strategy; what a remote TPU cannot reach."""

import pathlib

import pytest

from simclrv2_tf import distribution
from simclrv2_tf import session
from simclrv2_tf.config import Config
from simclrv2_tf.runs.hardware import devices


@pytest.fixture
def strategies(monkeypatch):
    """The arguments of each strategy made; the environment has no TPU."""
    for key in ("TPU_NAME", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS", "TF_CONFIG"):
        monkeypatch.delenv(key, raising=False)
    made = []
    monkeypatch.setattr(
        distribution, "make_strategy", lambda *given: made.append(given)
    )
    return made


def test_flags_reach_the_strategy(strategies):
    tpu = {"tpu_name": "pod", "tpu_zone": "zone-a", "gcp_project": "project"}
    devices.make_strategy(Config(model_dir="gs://bucket/run", **tpu))
    devices.make_strategy(Config(master="grpc://10.0.0.2:8470"))
    devices.make_strategy(Config(strategy="mirrored", use_tpu=False))
    assert strategies == [
        ("auto", "pod", "zone-a", "project", None),
        ("auto", "grpc://10.0.0.2:8470", None, None, None),
        ("mirrored", None, None, None, False),
    ]


LOCAL = [
    ({"model_dir": "runs/p"}, r"`model_dir` must be .* Received: .*'runs/p'"),
    ({"data_dir": "/data"}, "`data_dir` must be in storage that the remote"),
    ({"dataset": "folder:/images"}, "`dataset` must be.*dataset='/images'"),
    ({"model_dir": "file:///runs/p"}, "`model_dir` must be"),
    ({"export_dir": "out"}, "`export_dir` must be"),
    ({"dataset": "tar:/data/*.tar"}, r"`dataset` must be.*'/data/\*\.tar'"),
    ({"dataset": "tfrecord:data/x"}, "`dataset` must be.*dataset='data/x'"),
    ({"dataset": "csv:~/x.csv"}, "`dataset` must be.*dataset='~/x.csv'"),
    ({"dataset": "parquet:x"}, "`dataset` must be.*dataset='x'"),
    ({"dataset": "npz:x.npz"}, "`dataset` must be.*dataset='x.npz'"),
    (
        {"dataset": "concat:digits,folder:gs://b/a, csv:b.csv"},
        "`dataset` must be.*dataset='b.csv'",
    ),
    ({"dataset": str(pathlib.Path(__file__).parent)}, "`dataset` must be"),
]


@pytest.mark.parametrize(("options", "message"), LOCAL)
def test_a_remote_tpu_takes_no_local_path(strategies, options, message):
    config = Config(tpu_name="pod", **options)
    with pytest.raises(ValueError, match=message):
        session.run(config)
    assert not strategies  # refused before anything was started


def test_a_tpu_in_the_environment_is_remote_too(strategies, monkeypatch):
    monkeypatch.setenv("TPU_NAME", "pod")
    with pytest.raises(ValueError, match="the remote TPU 'pod' reaches"):
        devices.make_strategy(Config(model_dir="runs/p"))
    devices.make_strategy(Config(model_dir="runs/p", use_tpu=False))
    devices.make_strategy(Config(model_dir="runs/p", strategy="one_device"))


@pytest.mark.parametrize(
    "dataset",
    [
        "digits",
        "cifar10",
        "imagenet_resized/32x32",
        "gs://bucket/tfds/mine",
        "tar:gs://bucket/*.tar",
        "concat:folder:gs://bucket/a,csv:gs://bucket/b.csv",
    ],
)
def test_a_remote_tpu_takes_data_in_buckets(strategies, dataset):
    devices.make_strategy(Config(tpu_name="pod", dataset=dataset))
    assert len(strategies) == 1


@pytest.mark.parametrize("options", [options for options, _ in LOCAL])
def test_a_tpu_of_this_machine_takes_any_path(strategies, options):
    devices.make_strategy(Config(tpu_name="local", **options))
    assert len(strategies) == 1
