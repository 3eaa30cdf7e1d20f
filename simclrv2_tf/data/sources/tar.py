"""Tar shards in the manner of WebDataset: `tar:GLOB`, read in place.

The files of a sample share all of their names up to the first dot:
`0001.jpg`, `0001.cls`. Nothing is extracted. An image has a usual ending, or,
in a sample without one, the first bytes of an image.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterable
from collections.abc import Sequence

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.decode.magic import EXTENSIONS
from simclrv2_tf.data.decode.magic import FIRST_BYTES
from simclrv2_tf.data.decode.magic import image_format
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.sources.missing_label import MissingLabel
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.split_files import files_by_split
from simclrv2_tf.data.sources.tar_members import samples_of
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.files.remote import open_binary

LABEL_LIMIT = 2**20  # bytes of a file that holds a label


def find_tar(where: str, split: str | None, options: SourceOptions) -> Readers:
    """Uncompressed tar files of images and labels.

    Args:
      where: The files, a pattern; see `files_by_split`.
      split: Name of the split, perhaps with a slice; None for all.
      options: `SourceOptions`; `image_feature` and `label_feature` are what
        comes behind the dot: by default an image's usual endings, and "cls" (a
        number or a name) or "json" (its field "label" or "class"; another is
        named as "json.FIELD"). Capitals count in the names of fields alone.

    Returns:
      Dictionary from splits to functions that give a `SplitContent`.

    Raises:
      ValueError: If a file is no tar, is compressed, is cut short, has paths
        that leave its directory, or two members of one name.
    """
    by_split = files_by_split(where, split, (".tar",))
    return {
        name: functools.partial(_content, files, options)
        for name, files in by_split.items()
    }


class _LabelChoice:
    """The label that --label_feature names, and the names in samples.

    Attributes:
      endings: Of members; the first that a sample has is its label.
      fields: Of JSON, likewise.
      exists: Whether a sample has such a label.
    """

    def __init__(self, name: str | None):
        self.endings, self.fields = LABELS["tar"], LABELS["json"]
        self.exists = False
        self._name = name
        self._known: set[str] = set()
        whole = (name or "").lstrip(".")
        ending, _, field = whole.partition(".")
        if whole:
            self.endings = (whole.lower(),)
        if ending.lower() == "json":
            self.endings = (whole.lower(), "json")
            self.fields = (field,) if field else self.fields

    def note(self, names: Iterable[str]) -> None:
        """Keeps names that the option could have named, for the error."""
        if self._name:
            self._known.update(names)

    def missing_label(
        self, files: Sequence[str], count: int
    ) -> MissingLabel | None:
        """A `MissingLabel` if none of `count` samples has the one named.

        Images alone are unlabelled, as a part of `concat:` may be.
        """
        images = {n for n in self._known if f".{n}".endswith(EXTENSIONS)}
        if not self._name or self.exists or self._known == images:
            return None
        fields_alone = {"json"}.intersection(self.endings)
        others = " and others" if len(files) > 1 else ""
        return MissingLabel(
            f"The file {files[0]!r}{others} must have the label "
            f"{self._name!r}, an ending or json.FIELD, in a sample. Received: "
            f"{listed(sorted(self._known - fields_alone))}",
            f"the label {self._name!r}",
            f"{count:,} of {count:,} samples",
            f"in {files[0]!r}",
        )


def _content(files, options):
    rows, values, places, others = [], [], [], Counter()
    choice = _LabelChoice(options.label_feature)
    for which, path in enumerate(files):
        samples = _samples(path, options, choice, others)
        for begin, size, value, where in samples:
            rows.append((which, begin, size))
            values.append(value)
            places.append(where)
    if not rows:
        raise ValueError(
            f"The file {files[0]!r} holds no image; expected members that end "
            f"in {', '.join(EXTENSIONS)}, or --image_feature."
        )
    labels = label_names(values, places.__getitem__)
    storage = ByteRanges.of_rows(files, rows)
    missing_label = choice.missing_label(files, len(rows))
    return SplitContent(storage, labels, _notes(others), missing_label)


def _notes(others):
    if not others:
        return ()
    shown = [f"{name} {count:,}" for name, count in sorted(others.items())]
    return (f"passed over, without an image: {listed(shown)}",)


def _samples(path, options, choice, others):
    """Yields first byte, size, label and its place in words, of each image.

    Samples without an image are counted in `others` by their endings.
    """
    try:
        with open_binary(path) as file:
            for name, members in samples_of(file, path, others).items():
                image = _image(file, members, options.image_feature, name, path)
                if image is None:
                    others[f"samples of {', '.join(sorted(members))}"] += 1
                    continue
                where = f"the sample {name!r} of the file {path!r}"
                label = _label(file, members, choice, where)
                yield image.begin, image.size, label, where
    except OSError as error:
        raise ValueError(f"The file {path!r} cannot be read: {error}") from None


def _image(file, members, ending, name, path):
    """The member that is a sample's image, None if it has none."""
    if ending is not None:
        return members.get(ending.lower().lstrip("."))
    images = [end for end in members if f".{end}".endswith(EXTENSIONS)]
    images = images or [e for e in members if _is_image(file, members[e])]
    if len(images) > 1:  # as names with dots make
        raise ValueError(
            f"The sample {name!r} of the file {path!r} must have one image. "
            f"Received: {listed(images)}; samples are told apart up to the "
            "first dot of their names: give --image_feature, or pack them "
            "under names with one dot."
        )
    return members[images[0]] if images else None


def _is_image(file, member):
    """Whether the first bytes are an image's, whatever the ending."""
    file.seek(member.begin)
    first = file.read(min(member.size, FIRST_BYTES))
    return image_format(first) is not None


def _label(file, members, choice, where):
    """A sample's label as it stands there, "" for none."""
    choice.note(members)
    ending = first_known(choice.endings, members)
    if ending is None:
        return ""
    begin, size, _ = members[ending]
    if size > LABEL_LIMIT:
        raise ValueError(
            f"A label must be at most {LABEL_LIMIT} bytes long. Received: "
            f"{size} bytes in {where}"
        )
    file.seek(begin)
    data = file.read(size)
    try:
        if ending == "json":
            return _of_json(json.loads(data), choice)
        choice.exists = True
        return data.decode().strip()
    except ValueError as error:  # also of UTF-8
        raise ValueError(
            f"The label of {where} cannot be read: {error}"
        ) from None


def _of_json(content, choice):
    if not isinstance(content, dict):
        raise ValueError("expected an object")
    choice.note(f"json.{name}" for name in content)
    field = first_known(choice.fields, content)
    if field is None:
        return ""
    choice.exists = True
    return content[field]
