"""Options of --mode=curate: images to label, near-duplicates, outliers."""

import dataclasses

from simclrv2_tf.config.option import Range
from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import option


@dataclasses.dataclass(frozen=True)
class CurationConfig:
    """What is worth a look in a data set, with --mode=curate."""

    label_budget: int = option(
        0,
        "Images of the training split that are chosen to be labelled next, by "
        "--mode=curate; 0: none.",
        range=at_least(0),
    )
    duplicate_similarity: float | None = option(
        None,
        "Similarity of two images' details, a correlation in (0, 1], from "
        "which they are near-duplicates; unset: found from the data.",
        kind=float,
        range=Range(lambda v: v is None or 0 < v <= 1, "in (0, 1]"),
    )
    curate_output: str | None = option(
        None,
        "Directory of this machine for tables, page and features of "
        "--mode=curate; unset: model_dir/curation.",
        kind=str,
    )
