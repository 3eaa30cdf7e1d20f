"""Uploads to a hub by its own package, which handles signing in."""

from __future__ import annotations

from simclrv2_tf.export import latency
from simclrv2_tf.export import version_notes
from simclrv2_tf.files.repositories import EXTRAS
from simclrv2_tf.files.repositories import HUGGING_FACE
from simclrv2_tf.files.repositories import Repository
from simclrv2_tf.files.run_files import LABELS
from simclrv2_tf.hub.snapshots import hub_errors
from simclrv2_tf.machine.extras import load_extra

# Files of an earlier version that this one may lack; others' files stay.
_OWN = (
    "saved_model.pb",
    "fingerprint.pb",
    "variables/*",
    "assets/*",
    "assets.extra/*",
    "network*",
    version_notes.DECODING,
    version_notes.TEMPERATURE,
    latency.FILE,
    LABELS,
)
# Kaggle's names of licences that the Hugging Face hub has words for.
_KAGGLE = {
    "apache-2.0": "Apache 2.0",
    "cc0-1.0": "CC0: Public Domain",
    "cc-by-4.0": "CC BY 4.0",
    "cc-by-sa-4.0": "CC BY-SA 4.0",
    "gpl-3.0": "GPL 3",
    "mit": "MIT",
}


def upload(
    folder: str,
    repository: Repository,
    private: bool = False,
    licence: str | None = None,
) -> str:
    """Sends a folder as the newest revision of a repository.

    Args:
      folder: Holds all that is published.
      repository: A `Repository`, which is made if it is missing.
      private: Whether a repository that is made is for its owner alone.
      licence: Of the weights, for Kaggle, which does not read the card.

    Returns:
      The repository's address, as `load_network` takes it.

    Raises:
      ValueError: If that fails. The repository is then as it was, or empty.
    """
    package, extra = EXTRAS[repository.hub]
    hub = load_extra(package, extra, f"Publishing to {repository}")
    if repository.hub == HUGGING_FACE:
        _to_hugging_face(hub.HfApi(), folder, repository, private)
    else:
        with hub_errors(repository, "published"):
            hub.model_upload(repository.name, folder, _kaggle_licence(licence))
    return str(repository)


def _to_hugging_face(api, folder, repository, private):
    """One commit, to a repository that is made if it is missing."""
    name = repository.name
    with hub_errors(repository, "published"):
        api.create_repo(name, private=private or None, exist_ok=True)
        public = private and not api.repo_info(name).private
    if public:
        raise ValueError(
            f"{repository} is public, while --private asks for a private one: "
            "make it so on its page, or name another."
        )
    with hub_errors(repository, "published"):
        api.upload_folder(
            repo_id=name,
            folder_path=folder,
            commit_message="Publish a network of simclrv2_tf",
            delete_patterns=list(_OWN),
        )


def _kaggle_licence(name):
    return name and _KAGGLE.get(name.lower(), name)
