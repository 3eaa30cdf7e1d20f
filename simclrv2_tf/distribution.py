"""Where replicas meet: choose a strategy, gather values across replicas."""

import os

import tensorflow as tf

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

    def reduce(self, reduce_op, value, axis=None):
        """Reduces each part of `value`, along `axis` where it has one."""

        def reduce_part(part):
            along = None if _is_scalar(part) else axis
            return super(MultiWorkerStrategy, self).reduce(
                reduce_op, part, along
            )

        return tf.nest.map_structure(reduce_part, value)


def make_strategy(name="auto", tpu_name=None, tpu_zone=None, gcp_project=None):
    """Chooses how the work is spread over devices.

    Args:
        name: One of `STRATEGIES`. `"auto"` takes a TPU if `tpu_name` or the
            environment names one, else several workers if `TF_CONFIG` is
            set, else every local GPU if there are several, else one device.
        tpu_name: Name or `grpc://` address of the TPU; `"local"` on a TPU
            virtual machine.
        tpu_zone: Google Cloud zone of the TPU.
        gcp_project: Google Cloud project of the TPU.

    Returns:
        A `tf.distribute.Strategy`. For one device it is TensorFlow's default
        strategy, with none of the overhead of mirrored variables.

    Raises:
        ValueError: If `name` is unknown.
    """
    if name not in STRATEGIES:
        raise ValueError(
            f"`strategy` must be one of {list(STRATEGIES)}. "
            f"Received: strategy={name!r}"
        )
    if name == "auto":
        name = _detect(tpu_name)
    if name == "tpu":
        return _tpu_strategy(tpu_name, tpu_zone, gcp_project)
    if name == "multi_worker":
        return _multi_worker_strategy()
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def num_replicas():
    """Returns how many replicas take part in a step, 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_id():
    """Returns which replica this is: int, or int32 scalar inside a step.

    Outside a replica's step (and with one replica) it is 0.
    """
    context = tf.distribute.get_replica_context()
    if context is None or num_replicas() == 1:
        return 0
    return context.replica_id_in_sync_group


def replica_offset(batch_size):
    """Returns where this replica's rows start in a gathered batch.

    Args:
        batch_size: Rows per replica, the same on each: int or int32 scalar.
    """
    return replica_id() * batch_size


def all_gather(x):
    """Joins the rows of every replica; differentiable.

    The gradient is exact: each replica receives what all replicas' losses
    owe to its own rows. Every replica must call this, in the same order,
    with the same number of rows.

    Args:
        x: Tensor of shape (batch, ...).

    Returns:
        Tensor of shape (replicas * batch, ...), in the order of replicas;
        `x` itself outside a step and with one replica.
    """
    context = tf.distribute.get_replica_context()
    if context is None or num_replicas() == 1:
        return x
    return _all_gather(tf.convert_to_tensor(x))


@tf.custom_gradient
def _all_gather(x):
    context = tf.distribute.get_replica_context()
    batch = x.shape[0] if x.shape[0] is not None else tf.shape(x)[0]
    gathered = context.all_gather(x, axis=0)
    gathered = tf.ensure_shape(gathered, _gathered_shape(x))

    def gradient(upstream):
        total = tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.SUM, upstream
        )
        start = replica_offset(batch)
        mine = total[start : start + batch]
        return tf.ensure_shape(mine, x.shape)

    return gathered, gradient


def _gathered_shape(x):
    if x.shape[0] is None:
        return [None, *x.shape[1:]]
    return [x.shape[0] * num_replicas(), *x.shape[1:]]


def _is_scalar(value):
    locals_ = getattr(value, "values", (value,))
    return all(tf.convert_to_tensor(v).shape.rank == 0 for v in locals_)


def _detect(tpu_name):
    if tpu_name or any(os.environ.get(key) for key in _TPU_ENVIRONMENT):
        return "tpu"
    if os.environ.get("TF_CONFIG"):
        return "multi_worker"
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return "mirrored"
    return "one_device"


def _tpu_strategy(tpu_name, tpu_zone, gcp_project):
    resolver = tf.distribute.cluster_resolver.TPUClusterResolver(
        tpu=tpu_name, zone=tpu_zone, project=gcp_project
    )
    tf.config.experimental_connect_to_cluster(resolver)
    tf.tpu.experimental.initialize_tpu_system(resolver)
    return tf.distribute.TPUStrategy(resolver)


def _multi_worker_strategy():
    if not os.environ.get("TF_CONFIG"):
        raise ValueError(
            "`strategy='multi_worker'` needs the cluster in the environment "
            "variable TF_CONFIG, which is unset: set it on every worker, or "
            "choose another strategy."
        )
    return MultiWorkerStrategy()
