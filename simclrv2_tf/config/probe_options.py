"""Options of --mode=probe: judging features by cheap classifiers."""

import dataclasses

from simclrv2_tf.config.option import NUMBERS
from simclrv2_tf.config.option import Also
from simclrv2_tf.config.option import at_least
from simclrv2_tf.config.option import option

NAMES = Also((list, tuple), lambda v: ",".join(map(str, v)), "Sequence[str]")
COUNTS = NAMES._replace(words="Sequence[float | str]")


@dataclasses.dataclass(frozen=True)
class ProbeConfig:
    """How features are judged by cheap classifiers, with --mode=probe."""

    probe_endpoint: str = option(
        "final_avg_pool",
        "Endpoints that are probed, with commas: the features, or proj_sel, "
        "proj_layer_1 and so on, proj_head_output, logits_sup.",
        also=NAMES,
    )
    label_counts: str | None = option(
        None,
        "Labels that probes learn from, with commas: labels a class (1,2,5), "
        "shares of each class (0.01) and full; unset: full, all that may be "
        "used.",
        kind=str,
        also=COUNTS,
    )
    label_draws: int = option(
        5,
        "Draws of each count of labels, from --label_seed on, 1 or more.",
        range=at_least(1),
    )
    compare: str | None = option(
        None,
        "What is probed beside, with commas: runs, exports, checkpoints, "
        "published names; pixels: the images themselves.",
        kind=str,
        also=NAMES,
    )
    probe_k: str | None = option(
        None,
        "Neighbours that vote, with commas; unset: 1,10,20,200, as many as "
        "there are labels.",
        kind=str,
        also=NUMBERS,
    )
    probe_temperatures: str = option(
        "0.07,0.1",
        "Temperatures of the neighbours' votes, with commas.",
        also=NUMBERS,
    )
    probe_output: str | None = option(
        None,
        "Directory of this machine for features, tables and figures of "
        "probes; unset: model_dir.",
        kind=str,
    )
