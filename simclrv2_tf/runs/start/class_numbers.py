"""Numbers the classes of a run as the weights that it starts from do."""

from __future__ import annotations

import logging

import numpy as np

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.data.class_gaps import check_no_gaps
from simclrv2_tf.data.class_match import MAPPED_NAMES
from simclrv2_tf.data.class_match import goes_by_number
from simclrv2_tf.data.class_match import renumber
from simclrv2_tf.data.class_match import unknown_classes
from simclrv2_tf.data.class_match import without_numbers
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import teacher_sources
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_order

_LOG = logging.getLogger("simclrv2_tf")


def number_as_before(config: Config, source: Source) -> Source:
    """The source with its classes numbered as the run goes on with them.

    A run that goes on keeps its numbers, those of an earlier version too. A
    student has its teacher's, and a run from a checkpoint the checkpoint's
    where both have the same classes. Any other has the data's own.

    Args:
      config: A `Config`.
      source: The `Source` to train on.

    Raises:
      ValueError: If the run, or the teacher, does not know a class, or a new
        classifier would lack a number among its classes.
    """
    if source.class_names and _goes_on(config):
        source = _as_the_run(config, source)
        if config.train_mode == "distill":
            _compare_with_teacher(config, source)
        return source
    if config.train_mode == "distill":
        return _as_the_teachers(config, source)
    if config.train_mode == "finetune":
        check_no_gaps(source)
    if config.checkpoint:
        return _as_the_checkpoint(config, source)
    return source


def names_of_run(config: Config, source: Source, data: Source) -> dict:
    """What `flags.json` says of the classes.

    Args:
      config: A `Config`.
      source: The `Source` that is trained on, as `number_as_before` gives it.
      data: That source as it was opened.

    Returns:
      Dictionary of `class_names`, a tuple or None, and whether these are
      `class_names_as_written` in the data; `inputs.DRAWN_AS` where labels are
      drawn by other numbers than these classes have; `MAPPED_NAMES` where
      those of a label map do.
    """
    names = source.class_names
    as_written = set(data.class_names or ()) <= set(names or ())
    as_written |= goes_by_number(data, names or ())
    if names is None and config.train_mode == "distill":
        names, as_written = _of_teachers(config, as_written)
    entries = {"class_names": names, "class_names_as_written": as_written}
    mapped = _mapped_names(config, source, data)
    if mapped:
        entries[MAPPED_NAMES] = mapped
    drawn_as = _numbers_of_draw(config, source, data)
    return {**entries, inputs.DRAWN_AS: drawn_as} if drawn_as else entries


def _mapped_names(config, source, data):
    """Names of the classes as a label map gives them, None without one.

    Also for a run that goes on and that an earlier version began, and where
    weights of an earlier version had the names count and not the numbers.
    """
    if data.class_names and _goes_on(config):
        return model_dir.read_flags(config.model_dir).get(MAPPED_NAMES)
    mapped = config.label_map or data.numbered
    stand = not data.numbered or np.array_equal(source.labels, data.labels)
    return data.class_names if mapped and stand else None


def _numbers_of_draw(config, source, data):
    """Number that the labels of each class are drawn by; None for its own.

    They are those of the data, whatever the weights that a run starts from:
    runs on the same data, from weights and from none, see the same labels.
    One that goes on keeps its draw, in which earlier versions took its own
    numbers, and a student has its teacher's.
    """
    if source.class_names and _goes_on(config):
        flags = model_dir.read_flags(config.model_dir)
        return flags.get(inputs.DRAWN_AS)
    if config.train_mode == "distill":
        teacher = next(iter(_named_teachers(config)), None)
        flags = weights.flags_of(teacher) if teacher else {}
        if flags:
            return flags.get(inputs.DRAWN_AS)
    if source.class_names == data.class_names:
        return None
    return _numbers_in(data, source)


def _numbers_in(data, source):
    """The number in the data of each class of a source that is made of them.

    Classes without an example have those that are left.
    """
    numbers = np.full(len(source.class_names or ()), UNLABELLED)
    known = source.labels[source.labels >= 0]
    numbers[known] = data.labels[source.labels >= 0]
    free = np.setdiff1d(np.arange(len(numbers)), numbers)
    numbers[numbers < 0] = free
    return numbers.tolist()


def _as_the_teachers(config, source):
    """The source numbered as the teachers that know their classes by name."""
    named = _named_teachers(config)
    first = next(iter(named), None)
    for teacher, names in named.items():
        if list(names) != list(named[first]):
            raise ValueError(
                "Teachers must number their classes alike. Received: "
                f"{listed(named[first])} in {first!r} and {listed(names)} in "
                f"{teacher!r}"
            )
    if first is None:
        check_no_gaps(source)
        return source
    return weights_order.renumbered(first, source, "The teacher")


def _named_teachers(config):
    """{teacher: names of its classes} of ours that know them."""
    teachers = teacher_sources.ours(config.teacher)
    return {t: n for t in teachers if (n := weights_classes.class_names(t))}


def _of_teachers(config, as_written):
    """Names of the classes that a teacher of ours knows, None for none."""
    for teacher, names in _named_teachers(config).items():
        return names, weights_classes.as_written(teacher)
    return None, as_written


def _goes_on(config):
    """Whether there is a run whose weights know their classes by name."""
    known = model_dir.read_flags(config.model_dir).get("class_names")
    return bool(known) and run_directory.latest(config.model_dir) is not None


def _as_the_run(config, source):
    flags = model_dir.read_flags(config.model_dir)
    known, names = flags["class_names"], source.class_names
    as_written = flags.get("class_names_as_written", False)
    mapped = tuple(flags.get(MAPPED_NAMES) or ())
    if mapped != names:  # another label map than it began with, or none
        source = without_numbers(source)
    if goes_by_number(source, known, as_written):
        return renumber(source, known, "The run", as_written)
    unknown = unknown_classes(names, known, as_written)
    gone = unknown_classes(known, names, as_written)
    if unknown:
        raise ValueError(
            "THE CLASSES HAVE CHANGED since this run began, and a classifier "
            f"cannot go on with others. Received: {_change(unknown, gone)} in "
            f"{source.name}, while the run in {config.model_dir!r} has "
            f"{listed(known)}. Name the classes as they were, with "
            "--label_map where the data cannot change, or begin another run "
            f"with --checkpoint={config.model_dir}"
        )
    if gone:
        _LOG.warning(
            "%s has no image of the classes %s, which the run in %s knows: "
            "they keep their numbers.",
            source.name,
            listed(gone),
            config.model_dir,
        )
    return renumber(source, known, "The run", as_written)


def _change(unknown, gone):
    """New classes in words, and those that are gone."""
    new = f"the new or renamed classes {listed(unknown)}"
    return f"{new}, and none of {listed(gone)}," if gone else new


def _compare_with_teacher(config, source):
    names, _ = _of_teachers(config, True)
    if names and tuple(names) != source.class_names:
        _LOG.warning(
            "THE TEACHER NUMBERS ITS CLASSES OTHERWISE than the run in %s, "
            "which an earlier version began: %s there, %s here. Labels and "
            "teacher contradict each other; begin the run again elsewhere.",
            config.model_dir,
            listed(names),
            listed(source.class_names),
        )


def _as_the_checkpoint(config, source):
    known = weights_classes.class_names(config.checkpoint) or []
    numbered = weights_order.in_order_of(config.checkpoint, source)
    names = numbered.class_names or ()
    other = known and len(known) == len(names) and set(known) != set(names)
    if other and weights_classes.has_classifier(config.checkpoint):
        _LOG.warning(
            "the classifier of %s knows other classes, %s, than %s, which has "
            "%s: it is a start, no more.",
            config.checkpoint,
            listed(known),
            source.name,
            listed(names),
        )
    return numbered
