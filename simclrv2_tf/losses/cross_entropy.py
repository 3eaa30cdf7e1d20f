"""Cross-entropies with hard and soft targets, and L2 weight decay."""

import tensorflow as tf


def supervised_cross_entropy(labels, logits):
    """Cross-entropy against class ids; unlabelled examples count nothing.

    Args:
        labels: int tensor of shape (batch,), class ids; -1 means unlabelled.
        logits: tensor of shape (batch, classes), any float type.

    Returns:
        float32 tensor of shape (batch,) whose mean over the batch is the
        mean over this batch's labelled examples (0 if none is labelled):
        each labelled value is scaled by batch / labelled, the others are 0.
    """
    logits = tf.cast(logits, tf.float32)
    labelled = tf.cast(labels >= 0, tf.float32)
    values = tf.nn.sparse_softmax_cross_entropy_with_logits(
        tf.maximum(labels, 0), logits
    )
    share = tf.reduce_mean(labelled)
    return tf.math.divide_no_nan(values * labelled, share)


def distillation_cross_entropy(teacher_logits, student_logits, temperature=1.0):
    """Cross-entropy of the student against the teacher's soft labels.

    Equation 2 of the SimCLRv2 paper (arXiv 2006.10029):
    -sum_y P_teacher(y | x; t) log P_student(y | x; t), where both softmaxes
    are of logits / t. The original's notebook multiplies by t**2, the paper
    does not, nor does this; at t = 1 they agree. The teacher receives no
    gradient.

    Args:
        teacher_logits: tensor of shape (batch, classes), any float type.
        student_logits: tensor of the same shape.
        temperature: float above 0; the paper takes 0.1 for
            self-distillation and 1.0 for big-to-small.

    Returns:
        float32 tensor of shape (batch,).

    Raises:
        ValueError: If `temperature` is not positive, or if teacher and
            student have different numbers of classes.
    """
    check_temperature(temperature)
    if teacher_logits.shape[-1] != student_logits.shape[-1]:
        raise ValueError(
            "Teacher and student must have the same classes. Received: "
            f"{teacher_logits.shape[-1]} classes of the teacher and "
            f"{student_logits.shape[-1]} of the student."
        )
    teacher = tf.cast(teacher_logits, tf.float32) / temperature
    student = tf.cast(student_logits, tf.float32) / temperature
    return tf.nn.softmax_cross_entropy_with_logits(
        tf.stop_gradient(tf.nn.softmax(teacher)), student
    )


def weight_decay_loss(variables, coefficient):
    """Returns coefficient * sum of ||v||**2 / 2, a float32 scalar.

    Args:
        variables: the variables to decay; none at all gives 0.
        coefficient: float, the gradient's coefficient of each variable.
    """
    norms = [tf.nn.l2_loss(tf.cast(v, tf.float32)) for v in variables]
    return coefficient * tf.add_n(norms) if norms else tf.zeros(())


def check_temperature(temperature):
    """Raises ValueError unless `temperature` is above 0."""
    if temperature <= 0:
        raise ValueError(
            "`temperature` must be above 0. Received: "
            f"temperature={temperature}"
        )
