"""Which of its two small networks a job exports, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

from simclrv2_tf.console.units import percent
from simclrv2_tf.probing.intervals import difference
from simclrv2_tf.probing.intervals import wilson
from simclrv2_tf.recipes.results.job_report import Row

# Of top-1. Networks no further apart are alike, whatever chance would allow.
ALIKE = 0.01


class Balanced(NamedTuple):
    """Balanced accuracy, where classes are of unequal size.

    Attributes:
      distilled: Of the distilled network.
      scratch: Of the network from scratch.
      constant: Top-1 of always answering the largest class.
    """

    distilled: float
    scratch: float
    constant: float = 0.0


def better(
    distilled: Row, scratch: Row, balanced: Balanced | None = None
) -> str:
    """The run that is exported: "scratch" if more of it is right.

    Args:
      distilled: The `Row` of the distilled network.
      scratch: That of the network from scratch.
      balanced: `Balanced` of both where classes are of unequal size. It
        decides where top-1 is alike or differs by no more than chance, as in
        most of it the largest class counts, and where neither network surely
        tells more than a constant answer, which top-1 would favour.
    """
    if distilled.top_1 is None or scratch.top_1 is None:
        return "distilled"
    one, other = distilled.top_1, scratch.top_1
    if balanced is not None and (
        _are_alike(distilled, scratch)
        or _tell_no_more(distilled, scratch, balanced.constant)
    ):
        one, other = balanced.distilled, balanced.scratch
    return "scratch" if other > one else "distilled"


def _are_alike(distilled, scratch):
    apart = abs(distilled.top_1 - scratch.top_1)
    return apart <= ALIKE or _is_chance(distilled, scratch)


def _tell_no_more(distilled, scratch, constant):
    """Whether neither surely has more right than a constant answer."""
    lows = [wilson(row.top_1, row.examples)[0] for row in (distilled, scratch)]
    return max(lows) <= constant


def verdict(
    distilled: Row, scratch: Row, balanced: Balanced | None = None
) -> str | None:
    """What there is to say of the choice, in words.

    Said where the method was worse than no method, and where the two are not
    told apart by the images that they are measured on. None otherwise, and
    where nothing was measured.

    Args:
      distilled: See `better`.
      scratch: The same.
      balanced: The same.
    """
    if distilled.top_1 is None or scratch.top_1 is None:
        return None
    low, high = _difference(distilled, scratch)
    chance = _is_chance(distilled, scratch)
    chosen = better(distilled, scratch, balanced)
    if chosen != better(distilled, scratch):
        sentences = [_by_balance(distilled, scratch, balanced)]
    elif chosen == "scratch":
        sentences = [_worse(distilled, scratch)]
    elif chance:
        sentences = [_kept(distilled, scratch)]
    else:
        return None
    if chance:
        sentences.append(
            f"The difference is within chance ({100 * low:+.1f} to "
            f"{100 * high:+.1f} points for the distilled one, 95 %), so that "
            "these images do not tell the two apart."
        )
    sentences.append(
        f"The {distilled.examples:,} images that accuracy is measured on made "
        "this choice, so that the exported network's figure is a little too "
        "high: another --eval_split judges it."
    )
    return " ".join(sentences)


def _difference(distilled, scratch):
    """By how much the distilled network is better, its 95 % interval."""
    return difference(
        (distilled.top_1, distilled.examples), (scratch.top_1, scratch.examples)
    )


def _is_chance(distilled, scratch):
    """Whether the images that top-1 is measured on do not tell the two apart.

    One of a few images is more than a point of top-1.
    """
    low, high = _difference(distilled, scratch)
    return low <= 0 <= high


def _worse(distilled, scratch):
    return (
        f"The distilled network ({percent(distilled.top_1)}) is worse than "
        f"{_from_scratch(distilled, scratch)} ({percent(scratch.top_1)}): the "
        "latter is exported. More time, another "
        "--pretrain.color_jitter_strength, --norandom_flip or another "
        "--crop_area_min may help."
    )


def _by_balance(distilled, scratch, balanced):
    """Where balanced accuracy speaks against a difference of chance in top-1.

    Of many thousands of images a point of top-1 may be more than chance.
    """
    own, other, constant = balanced
    chosen = "the latter" if other > own else "the former"
    alike = "are alike in top-1"
    if _is_chance(distilled, scratch):
        alike = "differ in top-1 by no more than chance"
    elif not _are_alike(distilled, scratch):
        alike = (
            "do not surely have more right than a constant answer "
            f"({percent(constant)})"
        )
    return (
        f"The distilled network ({percent(distilled.top_1)}) and "
        f"{_from_scratch(distilled, scratch)} ({percent(scratch.top_1)}) "
        f"{alike}, and {chosen} is exported for its balanced accuracy "
        f"({percent(own)} and {percent(other)})."
    )


def _from_scratch(distilled, scratch):
    """The network from scratch, which is another where one is given for it."""
    which = "the same network"
    if distilled.parameters != scratch.parameters:
        which = f"another network ({scratch.parameters:,} parameters)"
    return f"{which} trained from scratch on the labels"


def _kept(distilled, scratch):
    if distilled.top_1 == scratch.top_1:
        return (
            f"The distilled network ({percent(distilled.top_1)}) is as good as "
            f"{_from_scratch(distilled, scratch)}, and is exported."
        )
    return (
        f"The distilled network ({percent(distilled.top_1)}) is exported, and "
        f"not {_from_scratch(distilled, scratch)} ({percent(scratch.top_1)})."
    )
