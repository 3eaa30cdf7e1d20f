"""`--mode=curate`: what to label next, and what is wrong with the data."""

from __future__ import annotations

import collections
import logging
import os

import numpy as np

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.curation import alignment
from simclrv2_tf.curation import curation_page
from simclrv2_tf.curation import curation_tables
from simclrv2_tf.curation import curation_words
from simclrv2_tf.curation import images_to_label
from simclrv2_tf.curation.excluded_before import rows_before
from simclrv2_tf.curation.filled_labels import check_filled
from simclrv2_tf.curation.findings import find
from simclrv2_tf.curation.pool import Pool
from simclrv2_tf.curation.pool import check_several
from simclrv2_tf.curation.pool import open_pool
from simclrv2_tf.curation.readable_names import check_names
from simclrv2_tf.data.class_match import unknown_classes
from simclrv2_tf.data.classes import nearest_name
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.surrounding_folder import surrounding_folder
from simclrv2_tf.files import output_directory
from simclrv2_tf.inference import feature_files
from simclrv2_tf.inference.feature_files import Extractor
from simclrv2_tf.probing.feature_rows import part_of
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_order

FOLDER, FEATURES = "curation", "features"
_THUMBNAIL = "thumbnail"
_LOG = logging.getLogger("simclrv2_tf")


def curate(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> dict:
    """Writes tables, a contact sheet and a page about a data set.

    Features and thumbnails are made once and kept; the same call on the same
    network and data finds them.

    Args:
      config: A `Config`.
      source: A `Source` in place of the config's training split.
      eval_source: The same of its evaluation split.

    Returns:
      What is in `curation.json`, see `curation_tables`; {} on other workers
      than the first.

    Raises:
      ValueError: If there is no network, fewer than two images can be read,
        `label_budget` is above the number of images without a label, a name
        of a class could not be read back from the table, or results would go
        among the images, over the table of `exclude_images`, or over labels
        that were filled in.
    """
    output = _output(config)
    before = rows_before(config.exclude_images, output, curation_tables.COLUMNS)
    prefix = weights.newest(config)
    pool = open_pool(config, source, eval_source)
    _check_classes(prefix, pool.source)
    _check_budget(config, pool)
    if config.label_budget:
        check_filled(output, pool)
    directory = os.path.join(output, FEATURES)
    kept = [
        _kept(config, directory, extractor, pool.source)
        for extractor in (_of_network(config, prefix), _of_thumbnails())
    ]
    if not distribution.is_chief():
        return {}
    findings = _find(config, pool, kept)
    copied = images_to_label.write(output, findings)
    protocol = _protocol(config, prefix, pool, findings)
    result = curation_tables.write(output, findings, protocol, copied, before)
    curation_page.write(output, findings, result)
    for line in curation_words.lines(result, output):
        print(line, flush=True)
    return result


def _output(config):
    own = config.model_dir and os.path.join(config.model_dir, FOLDER)
    path = output_directory.checked(
        "curate_output", config.curate_output or own, "tables and features"
    )
    images = surrounding_folder(config.dataset, path)
    if images:
        raise ValueError(
            "`curate_output` must lie outside the images' folder, where the "
            "pictures that it gets would be taken for images. Received: "
            f"{path!r} in {images!r}; give another directory."
        )
    return path


def _check_classes(prefix, source):
    """Says which labels the network does not know, and what may be meant."""
    for note in dict.fromkeys(source.notes):
        _LOG.warning("%s", note)
    source = weights_order.named_as(prefix, source)
    known, given = weights_classes.class_names(prefix), source.class_names or ()
    written = weights_classes.as_written(prefix)
    for name in unknown_classes(given, known or given, written):
        near = nearest_name(name, known)
        _LOG.warning(
            "the network does not know the class %r of %s%s",
            name,
            source.name,
            f": did you mean {near!r}?" if near else "",
        )


def _check_budget(config, pool: Pool):
    if not config.label_budget:
        return
    labels = pool.source.labels[pool.trains]
    free = int((labels < 0).sum())
    if not free:
        raise ValueError(
            "`label_budget` asks for images to label, and all "
            f"{len(labels)} of the split {pool.train!r} have labels: leave it "
            "out, or give images without labels too. Received: label_budget="
            f"{config.label_budget}"
        )
    if config.label_budget > free:
        raise ValueError(
            f"`label_budget` must be at most {free}, the images of the split "
            f"{pool.train!r} without a label. Received: label_budget="
            f"{config.label_budget}"
        )
    check_names(pool)


def _of_network(config, prefix):
    endpoint = config.embed_endpoint
    name = prefix if prefix == config.checkpoint else config.model_dir
    loaded = weights.with_endpoints(config, prefix, [endpoint])
    return feature_files.of_network(name, [endpoint], *loaded, "embed_endpoint")


def _of_thumbnails():
    return Extractor(
        "thumbnails",
        (_THUMBNAIL,),
        alignment.READ,
        None,
        lambda images: {_THUMBNAIL: alignment.thumbnail(images)},
    )


def _kept(config, directory, extractor, source):
    (features,) = feature_files.kept(
        config, directory, extractor, source
    ).values()
    return features


def _find(config, pool, kept):
    """`Findings` of the images that could be read both times."""
    unreadable = sorted({n for one in kept for n in one.unreadable})
    numbers = np.delete(np.arange(len(pool.files)), unreadable)
    readable = f"{pool.source.name}, of which {len(numbers)} can be read"
    check_several(len(numbers), readable)
    features, thumbnails = (part_of(one.rows, numbers) for one in kept)
    return find(config, pool.subset(numbers), features, thumbnails)


def _protocol(config, prefix, pool, findings):
    read = findings.pool
    return {
        "network": os.fspath(prefix),
        "endpoint": config.embed_endpoint,
        "data": pool.source.name,
        "images": len(read.files),
        "unreadable": len(pool.files) - len(read.files),
        "labels": int((read.source.labels >= 0).sum()),
        "splits": dict(collections.Counter(read.splits.tolist())),
        "seed": config.seed,
    }
