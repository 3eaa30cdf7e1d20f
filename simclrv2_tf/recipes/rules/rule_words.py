"""Reasons of the table of rules that depend on what the facts come to."""

from __future__ import annotations

from simclrv2_tf.recipes.rules import network_sizes
from simclrv2_tf.recipes.rules import rule_values
from simclrv2_tf.recipes.rules.facts import Facts
from simclrv2_tf.recipes.rules.network_sizes import NARROWEST
from simclrv2_tf.recipes.rules.network_sizes import SMALL_STEM

_NEXT = 96  # pixels, of the smallest size above those of a small stem
_UNJUDGED = "before any pilot run has been judged"


def teacher_size(facts: Facts) -> str:
    """Why the teacher has its size."""
    if facts.deserved is not None:
        return (
            "the largest network that on paper sees each image 200 times in "
            "the time, or a smaller one where none does or fits, as no "
            "--time_budget is given"
        )
    return "the largest network that sees enough images in the time"


def student_width(facts: Facts) -> str:
    """Why the student has its width, which has a least value."""
    if network_sizes.before_halving(facts).width_multiplier < 2 * NARROWEST:
        return f"{NARROWEST:g} is the narrowest that is chosen"
    return (
        "half the teacher's, or half of what the time allows: a quarter of the "
        "weights, and little is lost"
    )


def image_size(facts: Facts) -> str:
    """Why images are made so small, and what shows all of them."""
    why = (
        f"images have {facts.side} pixels on their shorter side; the largest "
        "of 16 to 32, 96, 128, 160 and 224 that the time allows"
    )
    if SMALL_STEM < facts.side < _NEXT:
        why += f" (--image_size={facts.side} shows all of their detail)"
    return why


def smallest_crop(facts: Facts) -> str:
    """Why views show so much of an image at least."""
    these = f"(these: {facts.elongation:.1f} to 1)"
    if rule_values.smallest_crop(facts) < rule_values.PAPERS_CROPS:
        return (
            "0.3 of the square on the shorter side of very long images "
            f"{these}, of which no view shows much more; {_UNJUDGED}"
        )
    return (
        "the paper's 0.08 of a small image is a spot, but all that there is "
        f"of a very long one {these}; {_UNJUDGED}"
    )


def random_flip(facts: Facts) -> str:
    """Why views are mirrored or not, with what the labels say of it."""
    why = (
        f"a linear classifier tells {facts.told_from_mirror:.0%} of the images "
        "from their mirror images; from 70 % on a mirror makes other images"
    )
    labels = facts.mirrored_labels
    if labels is None:
        return why
    why += (
        f"; of {labels.images:,} labelled images left out it tells "
        f"{labels.right:.0%} right, and {labels.mirrored:.0%} of their mirror "
        "images"
    )
    if rule_values.mirrors_differ(facts):
        why += ": these are of other classes"
    return why
