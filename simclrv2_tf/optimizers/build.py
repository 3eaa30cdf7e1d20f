"""Names of optimizers, and which variables each of them decays.

The original keeps batch norm, biases and the supervised head out of LARS by
searching for text in their names. Here the caller hands over the variables.
"""

import keras

from simclrv2_tf.optimizers.lars import LARS

OPTIMIZERS = ("lars", "momentum", "adam", "lamb")


def build_optimizer(
    name,
    learning_rate,
    momentum=0.9,
    weight_decay=0.0,
    excluded=(),
):
    """Makes an optimizer by its name.

    Args:
        name: one of `OPTIMIZERS`. `"momentum"` is SGD with Nesterov
            momentum; `"adam"` and `"lamb"` are Keras' own, with defaults.
        learning_rate: float or schedule.
        momentum: float in [0, 1), for LARS and SGD.
        weight_decay: float. LARS and LAMB apply it themselves; for the
            others it belongs in the loss (see `loss_decay_variables`), and
            nothing is done with it here.
        excluded: variables that the optimizer itself does not decay, and
            LARS does not adapt; see `optimizer_exclusions`.

    Returns:
        A `keras.optimizers.Optimizer`, not yet built.

    Raises:
        ValueError: If `name` is unknown.
    """
    if name == "lars":
        optimizer = LARS(learning_rate, momentum, weight_decay)
        optimizer.exclude_from_weight_decay(excluded)
        optimizer.exclude_from_layer_adaptation(excluded)
        return optimizer
    if name == "lamb":
        optimizer = keras.optimizers.Lamb(
            learning_rate, weight_decay=weight_decay or None
        )
        optimizer.exclude_from_weight_decay(list(excluded))
        return optimizer
    if name == "momentum":
        return keras.optimizers.SGD(learning_rate, momentum, nesterov=True)
    if name == "adam":
        return keras.optimizers.Adam(learning_rate)
    raise ValueError(
        f"`optimizer` must be one of {list(OPTIMIZERS)}. "
        f"Received: optimizer={name!r}"
    )


def optimizer_exclusions(name, batch_norm=(), biases=(), supervised_head=()):
    """Returns the variables that optimizer `name` must leave alone.

    LARS neither decays nor adapts batch norm, biases and the supervised
    head (whose kernel is decayed through the loss); LAMB does not decay
    batch norm and biases; the others decay nothing themselves.

    Args:
        name: one of `OPTIMIZERS`.
        batch_norm: every gamma and beta.
        biases: the biases of dense layers and convolutions.
        supervised_head: all variables of the supervised head.
    """
    if name == "lars":
        return [*batch_norm, *biases, *supervised_head]
    if name == "lamb":
        return [*batch_norm, *biases]
    return []


def loss_decay_variables(
    name, trainable, batch_norm=(), biases=(), supervised_head=()
):
    """Returns the variables whose weight decay belongs in the loss.

    For LARS that is the kernel of the supervised head, for LAMB none, for
    the others everything trainable but batch norm (biases included), as in
    the original.

    Args:
        name: one of `OPTIMIZERS`.
        trainable: the variables being trained, in order.
        batch_norm: every gamma and beta.
        biases: the biases of dense layers and convolutions.
        supervised_head: all variables of the supervised head.
    """
    if name == "lamb":
        return []
    if name == "lars":
        wanted = _ids(supervised_head) - _ids(biases)
    else:
        wanted = _ids(trainable) - _ids(batch_norm)
    return [v for v in trainable if id(v) in wanted]


def _ids(variables):
    return {id(v) for v in variables}
