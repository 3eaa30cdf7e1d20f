"""What all tests share: the reference figures and real data, where present."""

import contextlib
import fcntl
import gc
import os
import pathlib

import pytest

from simclrv2_tf.machine import onednn

# Tracing makes many objects that stay; looking through all of them as often as
# Python does unasked takes a tenth of the tests' time.
gc.set_threshold(50_000, 10, 10)
# What is held to 1e-6 is the arithmetic of processors; a number tries a GPU.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
onednn.use()  # as commands do
SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared"


def _folder(name):
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"needs ../shared/{name}, which is not here")
    return folder


def pytest_configure(config):
    """Has pytest-xdist hand the files out in their order.

    Left to itself it begins with those of the most tests and ends with those
    of one, some of which are long: one process would wait for the other.
    """
    config.option.loadscopereorder = False


def pytest_collection_finish():
    """Spares later looks for garbage what is loaded by now, for good."""
    gc.freeze()


@pytest.fixture(scope="session")
def parity_dir():
    """Figures produced by the original release."""
    return _folder("parity")


@pytest.fixture(scope="session")
def data_dir():
    """CIFAR-10 as TFDS (tfds/) and photographs (photos/)."""
    return _folder("data")


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Fills a folder once for all processes that run these tests.

    `once(name, fill)` returns the folder of that name; `fill(folder)` is
    called by the first that asks, while the others wait.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def folder_of(name, fill):
        folder, filled = root / name, root / f"{name}.filled"
        with open(root / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not filled.exists():
                folder.mkdir(exist_ok=True)
                fill(folder)
                filled.touch()
        return folder

    return folder_of


@pytest.fixture(scope="session")
def without_export():
    """Context in which runs end without their export, half of their time.

    They are told the path that it would have. The context's value is {path:
    config} of the exports that were asked for.
    """
    from simclrv2_tf.inference import exports
    from simclrv2_tf.runs import weights

    @contextlib.contextmanager
    def patched():
        asked = {}

        def export_newest(config, data=()):
            step = exports.step_of(weights.newest(config))
            path = os.path.join(exports.directory_of(config), str(step))
            asked[path] = config
            return path

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(exports, "export_newest", export_newest)
            yield asked

    return patched


@pytest.fixture(scope="module")
def unexported(without_export):
    """For files of tests, none of which looks at the exports of its runs."""
    with without_export():
        yield


class _FirstStep(Exception):
    """What would be the first step of a run."""


@pytest.fixture(scope="session")
def announced():
    """Context in which a run ends once it has announced itself.

    Its plan is printed, its flags are written, its network is built; nothing
    is trained.
    """
    from simclrv2_tf.runs import train

    def fit(run):
        raise _FirstStep

    @contextlib.contextmanager
    def patched():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(train, "fit", fit)
            with pytest.raises(_FirstStep):
                yield

    return patched


@pytest.fixture
def as_nobody():
    """Context of a user without rights, also where the superuser tests."""

    @contextlib.contextmanager
    def nobody():
        superuser = os.geteuid() == 0
        if superuser:
            os.seteuid(65534)
        try:
            yield
        finally:
            if superuser:
                os.seteuid(0)

    return nobody


@pytest.fixture
def largest_file():
    """Context in which no file grows beyond a size, as on a full disk."""
    resource = pytest.importorskip("resource")

    @contextlib.contextmanager
    def limited(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
