"""The model card, a README.md as hubs show it."""

from __future__ import annotations

import importlib.resources
import os

from simclrv2_tf.config import Config
from simclrv2_tf.console.units import percent
from simclrv2_tf.files.repositories import parse_repository
from simclrv2_tf.publishing import front_matter
from simclrv2_tf.publishing.card_facts import CardFacts
from simclrv2_tf.publishing.card_facts import Result
from simclrv2_tf.publishing.markdown import Written
from simclrv2_tf.publishing.markdown import escaped

_TEMPLATE = "card.md"
_PLACE = "PATH"  # of a directory: it has moved when others have it
_NAMES = 100  # classes that the card names
_CLASSIFIES = """\
```python
import simclrv2_tf

classifier = simclrv2_tf.load_classifier("{place}")
classifier.predict("image.jpg").class_name
```"""
_EMBEDS = """\
```python
import simclrv2_tf

network = simclrv2_tf.load_network("{place}")
network(images)["final_avg_pool"]  # images float32 in [0, 1]
```"""


def write(config: Config, facts: CardFacts) -> str:
    """The text of the card.

    Args:
      config: A `Config`: `target`, `license` and `intended_use`.
      facts: What was found out.
    """
    import jinja2

    place = importlib.resources.files(__package__).joinpath(_TEMPLATE)
    environment = jinja2.Environment(
        finalize=escaped,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.from_string(place.read_text(encoding="utf-8"))
    name = _name(config.target)
    body = template.render(_contents(config, facts, name))
    return front_matter.write(name, config.license, facts) + body


def for_repository(card: str, directory: str, target: str) -> str:
    """The card of a published directory, as it goes to a hub.

    Title, name of the results and example are the repository's where they
    stand as they were generated; what was edited stays.

    Args:
      card: Its text.
      directory: That it was written for.
      target: Name of a repository, see `parse_repository`.
    """
    old, new = _name(directory), _name(target)
    place = str(parse_repository(target))
    generated = {
        f"---\n# {escaped(old)}\n": f"---\n# {escaped(new)}\n",
        front_matter.index_of(old): front_matter.index_of(new),
        **{
            program.format(place=_PLACE): program.format(place=place)
            for program in (_CLASSIFIES, _EMBEDS)
        },
    }
    for text, replacement in generated.items():
        card = card.replace(text, replacement, 1)
    return card


def _name(target):
    """What the model is called: the last word of its place."""
    repository = parse_repository(target)
    if repository is None:
        return os.path.basename(os.path.abspath(target))
    return repository.name.split("/")[1]


def _contents(config, facts, name):
    names = list(facts.class_names or ())
    return {
        "title": name,
        "summary": _summary(facts),
        "use": _use(config.target, names),
        "about": facts.about,
        "class_names": names,
        "shown_names": names[:_NAMES],
        "left_out": len(names) > _NAMES,
        "runs": facts.runs,
        "network": facts.network,
        "results": facts.results,
        "measured_on": facts.measured_on,
        "compared": facts.compared,
        "step": facts.step,
        "intended_use": config.intended_use,
        "licence": config.license,
        "percent": percent,
        "interval": _interval,
    }


def _summary(facts):
    """What it is, in a sentence."""
    network = facts.network
    kind = f"ResNet-{network.get('resnet_depth')}"
    kind += f" ×{network.get('width_multiplier')}"
    if network.get("backbone"):
        kind = "Keras network"
    does = "gives features of images"
    if facts.class_names:
        does = f"tells {len(facts.class_names)} classes of images apart"
    return f"A {kind} that {does}, trained with SimCLRv2 by simclrv2_tf."


def _use(target, names):
    """A program that takes the network."""
    repository = parse_repository(target)
    place = str(repository) if repository else _PLACE
    return Written((_CLASSIFIES if names else _EMBEDS).format(place=place))


def _interval(row: Result) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{row.low:.1%} to {row.high:.1%}"
