"""What the Hugging Face hub reads of a model card: its YAML front matter."""

from __future__ import annotations

import json
from typing import Any

from simclrv2_tf.publishing.card_facts import CardFacts
from simclrv2_tf.publishing.markdown import one_line

# Identifiers of licences that the hub knows and that are given to weights
# (its page "Licenses"); others are "other" with a name.
LICENCES = frozenset(
    "afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bigcode-openrail-m "
    "bigscience-openrail-m bsd bsd-2-clause bsd-3-clause bsl-1.0 c-uda cc "
    "cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 "
    "cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 "
    "cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 "
    "cc0-1.0 creativeml-openrail-m ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 "
    "eupl-1.1 eupl-1.2 gfdl gpl gpl-2.0 gpl-3.0 isc lgpl lgpl-2.1 lgpl-3.0 "
    "mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 openrail openrail++ osl-3.0 "
    "pddl postgresql unknown unlicense wtfpl zlib".split()
)
_INDEX = "model-index"


def write(name: str, licence: str | None, facts: CardFacts) -> str:
    """The lines from "---" to "---".

    Args:
      name: Of the model.
      licence: Of the weights, None for none stated.
      facts: The `CardFacts`.
    """
    task = "image-feature-extraction"
    if facts.class_names:
        task = "image-classification"
    entries: dict[str, Any] = {
        **_licence(licence),
        "library_name": "keras",
        "pipeline_tag": task,
        "tags": ["simclr", "self-supervised-learning", "tensorflow"],
    }
    metrics = _metrics(facts)
    if metrics and facts.class_names:
        entries[_INDEX] = [_index(name, task, facts.measured_on, metrics)]
    lines = [f"{key}: {_flow(value)}" for key, value in entries.items()]
    return "\n".join(["---", *lines, "---", ""])


def index_of(name: str) -> str:
    """How the line of the results of a model of this name begins."""
    return f"{_INDEX}: {_flow([{'name': one_line(name)}])[:-2]}"


def _licence(licence):
    if not licence:
        return {}
    known = licence.strip().lower()
    if known in LICENCES:
        return {"license": known}
    return {"license": "other", "license_name": one_line(licence)}


def _metrics(facts):
    """Accuracies, which have an interval: of the others there is no type."""
    return [
        {"type": "accuracy", "name": result.what, "value": result.value}
        for result in facts.results
        if result.examples
    ]


def _index(name, task, measured_on, metrics):
    data = one_line(measured_on) or "not recorded"
    return {
        "name": one_line(name),
        "results": [
            {
                "task": {"type": task},
                "dataset": {"name": data, "type": data},
                "metrics": metrics,
            }
        ],
    }


def _flow(value):
    """JSON, which is YAML too; characters stay themselves, not pairs."""
    return json.dumps(value, ensure_ascii=False)
