"""Pages from templates; whatever comes from outside is escaped."""

from __future__ import annotations

import importlib.resources
from typing import Any

from simclrv2_tf.console.units import percent


def render(room: str, name: str, contents: dict[str, Any]) -> str:
    """The text of a page.

    Args:
      room: Package that holds the template.
      name: Of the template; it finds this room's parts and style by theirs.
      contents: What the template shows.
    """
    import jinja2

    def load(template):
        holder = room if template == name else __package__
        place = importlib.resources.files(holder).joinpath(template)
        return place.read_text(encoding="utf-8")

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment.get_template(name).render(contents).lstrip()
