"""Whether a job is evaluated on images that it trains on."""

from __future__ import annotations

import numpy as np

from simclrv2_tf.data.copies import find_copies
from simclrv2_tf.data.example_names import are_files
from simclrv2_tf.data.example_names import whole_names
from simclrv2_tf.recipes.images.job_data import JobData

SECONDS = 15.0  # for looking: a plan is there within a minute


def notes(data: JobData, seconds: float = SECONDS) -> list[str]:
    """Sentences about train/test leakage, none where there is none.

    Args:
      data: A `JobData`.
      seconds: After which no more images are read; labelled ones come first.
    """
    if data.evaluation is None:
        return []
    examples = data.train.num_examples
    others = np.setdiff1d(np.arange(examples), data.labelled)
    order = np.concatenate([data.labelled, others])
    copies = find_copies(data.train, data.evaluation, seconds, order)
    sentences = [_sentence(data, copies.pairs)] if copies.pairs else []
    everything = examples + data.evaluation.num_examples
    if copies.looked_at < everything:
        sentences.append(
            f"train/test leakage was looked for in {copies.looked_at:,} of "
            f"{everything:,} images, for {seconds:g} seconds"
        )
    return sentences


def _sentence(data, pairs):
    evaluated, trained = next(iter(pairs.items()))
    labelled = np.isin(list(pairs.values()), data.labelled).sum()
    return (
        f"train/test leakage: {len(pairs):,} of the "
        f"{data.evaluation.num_examples:,} images that accuracy is measured on "
        f"are trained on too, byte for byte, {labelled:,} of them with a label "
        f"({data.evaluation.where(evaluated)} = {data.train.where(trained)}). "
        f"Accuracy comes out too high: {_remedy(data, pairs)}"
    )


def _remedy(data, pairs):
    """What to do, by the names that `exclude_images` knows images by."""
    files = are_files(data.train) and are_files(data.evaluation)
    if not files and data.train.name == data.evaluation.name:
        return "leave them out of what is trained on"  # set aside, or no names
    evaluated, trained = (whole_names(s) for s in (data.evaluation, data.train))
    apart = [t for e, t in pairs.items() if evaluated[e] != trained[t]]
    both = len(pairs) - len(apart)
    sentences = ["--dataset_summary names them"]
    if apart:
        sentences.append(
            "--exclude_images leaves out those of training that a table names, "
            f"such as {trained[apart[0]]}"
        )
    if both:
        sentences.append(
            f"{both:,} are the same file in both, which --exclude_images would "
            "take from both: name each for training or for evaluation alone"
        )
    return "; ".join(sentences)
