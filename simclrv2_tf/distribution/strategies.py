"""Chooses a `tf.distribute` strategy."""

from __future__ import annotations

import functools
import os
from typing import Any

import tensorflow as tf

from simclrv2_tf.distribution.cluster import VARIABLE
from simclrv2_tf.distribution.cluster import read_cluster
from simclrv2_tf.files.errors import first_line

STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker", "tpu")
_TPU_ENVIRONMENT = ("TPU_NAME", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS")


class MultiWorkerStrategy(tf.distribute.MultiWorkerMirroredStrategy):
    """Multi-worker mirrored training that Keras 3's `fit` can drive.

    With several workers `fit` asks the stock strategy for two things that it
    refuses (keras issue 20585, open as of Keras 3.15): to reduce a whole
    batch at once, a tuple, and to reduce its logs along axis 0, which
    scalars do not have. Here a structure is reduced part by part, and a
    scalar across replicas alone.
    """

    def reduce(
        self,
        reduce_op: tf.distribute.ReduceOp | str,
        value: Any,
        axis: int | None = None,
    ) -> Any:
        """Reduces each part of `value`, along `axis` where it has one."""

        def reduce_part(part):
            along = None if _is_scalar(part) else axis
            return super(MultiWorkerStrategy, self).reduce(
                reduce_op, part, along
            )

        return tf.nest.map_structure(reduce_part, value)


def _is_scalar(value):
    locals_ = getattr(value, "values", (value,))
    return all(tf.convert_to_tensor(v).shape.rank == 0 for v in locals_)


def make_strategy(
    name: str = "auto",
    tpu_name: str | None = None,
    tpu_zone: str | None = None,
    gcp_project: str | None = None,
    use_tpu: bool | None = None,
) -> tf.distribute.Strategy:
    """Chooses how the work is spread over devices.

    A process has one strategy of a kind: later calls return the same one.
    Several workers must call this before TensorFlow computes anything.

    Args:
      name: One of `STRATEGIES`. `"auto"` takes a TPU if `tpu_name` or the
        environment names one, else several workers if `TF_CONFIG` names
        them, else every local GPU if there are several, else one device.
      tpu_name: Name or `grpc://` address of the TPU; `"local"` on a TPU
        virtual machine.
      tpu_zone: Google Cloud zone of the TPU.
      gcp_project: Google Cloud project of the TPU.
      use_tpu: Whether `"auto"` takes a TPU, and no other device; None to
        look for one.

    Returns:
      A `tf.distribute.Strategy`. For one device it is TensorFlow's default
      strategy, with none of the overhead of mirrored variables.

    Raises:
      ValueError: If `name` is unknown, or the environment does not hold
        what the strategy needs.
    """
    if name not in STRATEGIES:
        raise ValueError(
            f"`strategy` must be one of {list(STRATEGIES)}. "
            f"Received: strategy={name!r}"
        )
    if name == "auto":
        name = _detect(tpu_name, use_tpu)
    if name == "tpu":
        return _tpu_strategy(tpu_name, tpu_zone, gcp_project)
    if name == "multi_worker":
        return _multi_worker_strategy()
    if name == "mirrored":
        return _mirrored_strategy()
    return tf.distribute.get_strategy()


def tpu_in_environment() -> str | None:
    """The name of a TPU in the environment, None if there is none."""
    names = (os.environ.get(key) for key in _TPU_ENVIRONMENT)
    return next(filter(None, names), None)


def _detect(tpu_name, use_tpu):
    if use_tpu is None:
        use_tpu = bool(tpu_name or tpu_in_environment())
    if use_tpu:
        return "tpu"
    if read_cluster():
        return "multi_worker"
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return "mirrored"
    return "one_device"


@functools.cache
def _tpu_strategy(tpu_name, tpu_zone, gcp_project):
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(
            tpu=tpu_name, zone=tpu_zone, project=gcp_project
        )
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, OSError, RuntimeError, tf.errors.OpError) as error:
        raise ValueError(
            f"The TPU cannot be reached ({first_line(error)}): give "
            "`tpu_name` (and `tpu_zone` and `gcp_project`, if it is none of "
            "this machine's), or use_tpu=False for other devices. Received: "
            f"tpu_name={tpu_name!r}, tpu_zone={tpu_zone!r}, "
            f"gcp_project={gcp_project!r}"
        ) from error
    return tf.distribute.TPUStrategy(resolver)


@functools.cache
def _mirrored_strategy():
    return tf.distribute.MirroredStrategy()


def _multi_worker_strategy():
    if not os.environ.get(VARIABLE):
        raise ValueError(
            "`strategy='multi_worker'` needs the cluster in the environment "
            f"variable {VARIABLE}, which is unset: set it on every worker, or "
            "choose another strategy."
        )
    if read_cluster() is None:  # one process alone
        return _mirrored_strategy()
    return _connected_strategy()


@functools.cache
def _connected_strategy():
    """Waits for all workers, then connects them."""
    try:
        return MultiWorkerStrategy()
    except RuntimeError as error:
        if "program startup" not in str(error):
            raise
        raise ValueError(
            "`strategy='multi_worker'` must be chosen before TensorFlow has "
            "computed anything in this process: begin the program with it."
        ) from None
