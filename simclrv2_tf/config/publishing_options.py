"""Where a trained network is published, and on which terms."""

import dataclasses
from typing import Any

from simclrv2_tf.config.option import option
from simclrv2_tf.files.credentials import without_credentials
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.repositories import parse_repository


@dataclasses.dataclass(frozen=True)
class PublishingConfig:
    """Where a trained network is published, and on which terms."""

    target: str | None = option(
        None,
        "Where --mode=publish writes to: a directory that is new or empty, "
        "hf://USER/NAME or kaggle://OWNER/MODEL/FRAMEWORK/VARIATION.",
        kind=str,
    )
    license: str | None = option(
        None,
        "Licence of the published weights, such as apache-2.0 or cc-by-4.0; "
        "unset: the model card says that it is not stated.",
        kind=str,
    )
    intended_use: str | None = option(
        None,
        "What the published network is for, a sentence of the model card.",
        kind=str,
    )
    private: bool = option(
        False, "Whether a repository that is made on hf:// is private."
    )


def check_publishing(config: Any) -> None:
    """Raises a ValueError unless publishing has a place to publish to."""
    if config.mode == "publish" and not config.target:
        raise ValueError(
            "`mode='publish'` needs a place: give --target, a directory, "
            "hf://USER/NAME or kaggle://OWNER/MODEL/FRAMEWORK/VARIATION. "
            f"Received: target={config.target!r}"
        )
    if config.target:
        _check_target(config.target)
    for name in ("license", "intended_use"):
        text = getattr(config, name)
        if text and not text.strip():
            raise ValueError(
                f"`{name}` must say something, or be left out. Received: "
                f"{name}={text!r}"
            )


def _check_target(target):
    shown = without_credentials(target)
    repository = parse_repository(target)
    if repository is not None and repository.revision:
        raise ValueError(
            "`target` must name no revision: what is published is the newest "
            f"one. Received: target={shown!r}"
        )
    if repository is None and is_remote(target):
        raise ValueError(
            "`target` must be a directory of this machine, hf://USER/NAME or "
            "kaggle://OWNER/MODEL/FRAMEWORK/VARIATION. Received: "
            f"target={shown!r}"
        )
