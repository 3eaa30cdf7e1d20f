"""The preparation of `prepare` on Apache Beam, for more than one machine.

TFDS's own Beam support shuffles, cuts and writes the shards; what is made of
an image is the same.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from simclrv2_tf.data.prepare import job_state
from simclrv2_tf.data.prepare import shards
from simclrv2_tf.data.prepare import tfds_layout
from simclrv2_tf.data.prepare.recipe import ImageEncoding
from simclrv2_tf.data.prepare.recipe import prepare_image
from simclrv2_tf.data.prepare.shard_notes import listed_rows
from simclrv2_tf.data.prepare.unreadable_limit import FRACTION
from simclrv2_tf.data.prepare.unreadable_limit import UnreadableLimit
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import open_source
from simclrv2_tf.data.unreadable import UNREADABLE
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.errors import first_line

CHUNK = 64  # examples that a worker takes at once
CORRUPT = "corrupt"  # what is left out, a JSON list in each line


def prepare_with_beam(
    plan: dict[str, tuple],
    target: str,
    recipe: ImageEncoding,
    runner: str,
    arguments: Sequence[str],
    max_corrupt_fraction: float = FRACTION,
) -> dict:
    """Writes splits of a data set as TFDS data by a Beam pipeline.

    Each worker opens the data set by itself, so that its files must be where
    all of them can read them. An interrupted pipeline begins anew.

    Args:
      plan: Dictionary from splits to arguments of `opened`.
      target: See `prepare.prepare`; the directory's name must be one of TFDS.
      recipe: A `ImageEncoding`.
      runner: Name of the Beam runner, such as "DirectRunner".
      arguments: Flags of the Beam pipeline, a list of text.
      max_corrupt_fraction: See `shards.prepare`. More are an error in the end,
        and what was written stays.

    Returns:
      The report, as `prepare.prepare` gives it.

    Raises:
      ImportError: Without Apache Beam.
      ValueError: As `prepare.prepare`.
    """
    _beam()
    sources = {split: opened(*how) for split, how in plan.items()}
    limit = UnreadableLimit(sources, max_corrupt_fraction)
    kind = shards.common(sources)
    about = shards.describe(sources, recipe, seed=None)
    directory = tfds_layout.version_directory(target)
    _check_name(directory)
    finished = job_state.look(directory, about)
    if finished is not None:
        _check(finished, limit)  # also at the second call
        return finished
    limit.check_files()
    with file_errors(target, "written"):
        job_state.clear_stopped(directory, about)
        counts = {name: s.num_examples for name, s in sources.items()}
        job = _job(runner, arguments)
        report = {**about, **_write(plan, counts, directory, recipe, kind, job)}
        shards.finish(target, directory, report)
    _check(report, limit)
    return report


def _job(runner, arguments):
    """How TFDS shall run the pipeline."""
    import tensorflow_datasets as tfds

    options = _beam().options.pipeline_options.PipelineOptions(arguments)
    return tfds.download.DownloadConfig(
        beam_runner=runner, beam_options=options
    )


def _write(plan, counts, directory, recipe, kind, job):
    """Writes all splits, of so many examples each; returns what was done."""
    channels, classes = kind
    features = tfds_layout.features(recipe.image_format, classes, channels)
    aside = f"{directory}.{CORRUPT}"  # as TFDS makes the directory
    encoders = {
        split: _transform(split, count, plan[split], recipe, aside)
        for split, count in counts.items()
    }
    builder = _run(directory, features, encoders, job)
    return _report(builder, aside)


def _run(directory, features, encoders, job):
    """Runs the pipeline, which writes what TFDS reads."""
    import tensorflow_datasets as tfds

    home, version = os.path.split(directory)
    return tfds.dataset_builders.store_as_tfds_dataset(
        name=tfds_layout.dataset_name(directory),
        version=version,
        features=features,
        split_datasets=encoders,
        data_dir=os.path.dirname(os.path.abspath(home)),
        description=tfds_layout.DESCRIPTION,
        download_config=job,
    )


def _check(report, limit):
    """Raises an error where too many images of a split were left out."""
    for split in report["splits"]:
        of_split = (r for r in report["corrupt"] if r["split"] == split)
        limit.check(split, [(row["image"], row["reason"]) for row in of_split])


def _beam():
    try:
        import apache_beam
    except ImportError:
        raise ImportError(
            "--beam_runner needs Apache Beam: pip install 'simclrv2_tf[beam]'"
        ) from None
    return apache_beam


def _check_name(directory):
    folder = os.path.basename(os.path.dirname(os.path.abspath(directory)))
    name = tfds_layout.dataset_name(directory)
    if folder != name:
        raise ValueError(
            "With Beam the target's directory must be called as TFDS calls "
            f"data sets, such as {name!r}. Received: {folder!r}"
        )


def opened(
    name: str,
    split: str,
    channels: int | None,
    options: Iterable[tuple[str, Any]],
) -> Source:
    """The `Source` of one split.

    Args:
      name: Of the data set.
      split: As `open_source` takes it.
      channels: Wanted; None for those that images have.
      options: Pairs of further arguments of `open_source`.
    """
    source = open_source(name, split, **dict(options))
    return source if channels is None else source.with_channels(channels)


_opened_once = functools.lru_cache(maxsize=None)(opened)


def _transform(split, count, how, recipe, aside):
    """Nothing to (key, example): the work of one split."""
    beam = _beam()
    chunks = [
        (begin, min(begin + CHUNK, count)) for begin in range(0, count, CHUNK)
    ]

    @beam.ptransform_fn
    def examples(pipeline):
        prepared = (
            pipeline
            | f"chunks of {split}" >> beam.Create(chunks)
            | f"spread {split}" >> beam.Reshuffle()
            | f"prepare {split}"
            >> beam.FlatMap(_prepared, split, how, recipe).with_outputs(
                CORRUPT, main="examples"
            )
        )
        _ = prepared[CORRUPT] | f"note {split}" >> beam.io.WriteToText(
            os.path.join(aside, split)
        )
        return prepared["examples"]

    return examples()


def _prepared(chunk, split, how, recipe):
    """The examples of a chunk with their keys, and notes of those left out."""
    source = _opened_once(*how)
    for index in range(*chunk):
        try:
            image = prepare_image(source, index, recipe)
        except UNREADABLE as error:
            note = [split, source.where(index), first_line(error)]
            yield _beam().pvalue.TaggedOutput(CORRUPT, json.dumps(note))
            continue
        example = {"image": image}
        if source.class_names:
            example["label"] = int(source.labels[index])
        yield index, example


def _report(builder, aside):
    splits = {
        name: {
            "examples": split.num_examples,
            "bytes": int(split.num_bytes),
            "shards": split.num_shards,
        }
        for name, split in builder.info.splits.items()
    }
    rows = []
    for file in sorted(tf.io.gfile.glob(os.path.join(aside, "*"))):
        with tf.io.gfile.GFile(file) as text:
            rows.extend(json.loads(line) for line in text.read().splitlines())
    tf.io.gfile.rmtree(aside)
    return {"splits": splits, "corrupt": listed_rows(rows)}
