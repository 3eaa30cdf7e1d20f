"""Tar shards in the manner of WebDataset: `tar:GLOB`, read in place.

The files of a sample share all of their names up to the first dot:
`0001.jpg`, `0001.cls`. Nothing is extracted.
"""

from __future__ import annotations

import functools
import json
import os
import tarfile

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.folders import EXTENSIONS
from simclrv2_tf.data.sources.opening import Options
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.split_files import files_by_split
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.files.remote import open_binary

LABEL_LIMIT = 2**20  # bytes of a file that holds a label


def find_tar(where: str, split: str | None, options: Options) -> Readers:
    """Uncompressed tar files of images and labels.

    Args:
      where: The files, a pattern; see `files_by_split`.
      split: Name of the split, perhaps with a slice; None for all.
      options: `Options`; `image_feature` and `label_feature` are what comes
        behind the dot: by default an image's usual endings, and "cls" (a
        number or a name) or "json" (its field "label" or "class"; another is
        named as "json.FIELD").

    Returns:
      Dictionary from splits to functions that give a `SplitContent`.

    Raises:
      ValueError: If a file is no tar, is compressed, is cut short, or has
        paths that leave its directory.
    """
    by_split = files_by_split(where, split, (".tar",))
    return {
        name: functools.partial(_content, files, options)
        for name, files in by_split.items()
    }


def _content(files, options):
    rows, values, places = [], [], []
    for which, path in enumerate(files):
        for begin, size, value, where in _samples(path, options):
            rows.append((which, begin, size))
            values.append(value)
            places.append(where)
    if not rows:
        raise ValueError(
            f"The file {files[0]!r} holds no image; expected members that end "
            f"in {', '.join(EXTENSIONS)}, or --image_feature."
        )
    labels = label_names(values, places.__getitem__)
    return SplitContent(ByteRanges.of_rows(files, rows), labels)


def _samples(path, options):
    """Yields first byte, size, label and its place in words, of each image."""
    try:
        with open_binary(path) as file:
            for name, members in _grouped(file, path).items():
                _check_single(members, options.image_feature, name, path)
                image = _image(members, options.image_feature)
                if image is None:
                    continue
                where = f"the sample {name!r} of the file {path!r}"
                label = _label(file, members, options.label_feature, where)
                yield *image, label, where
    except OSError as error:
        raise ValueError(f"The file {path!r} cannot be read: {error}") from None


def _grouped(file, path):
    """Dictionary from samples to {ending: (first byte, size)}."""
    samples = {}
    for member in _members(file, path):
        folder, name = os.path.split(member.name)
        stem, _, ending = name.partition(".")
        if member.isreg() and stem:  # else a directory, link or hidden file
            _check_path(member.name, path)
            sample = samples.setdefault(os.path.join(folder, stem), {})
            sample[ending.lower()] = (member.offset_data, member.size)
    return samples


def _check_single(members, asked, name, path):
    """Raises where one sample has several images, as names with dots make."""
    images = [end for end in members if f".{end}".endswith(EXTENSIONS)]
    if not asked and len(images) > 1:
        raise ValueError(
            f"The sample {name!r} of the file {path!r} must have one image. "
            f"Received: {listed(images)}; samples are told apart up to the "
            "first dot of their names: give --image_feature, or pack them "
            "under names with one dot."
        )


def _check_path(name, path):
    if name.startswith(("/", "\\")) or ".." in name.split("/"):
        raise ValueError(
            f"The file {path!r} has a member outside of its directory, "
            f"{name!r}: it is not to be trusted; pack it anew."
        )


def _members(file, path):
    """Yields the members of a tar file, all that are wholly within it."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(2) == b"\x1f\x8b":
        raise ValueError(
            f"The file {path!r} is compressed: gunzip it, as images can only "
            "be found in place in an uncompressed tar."
        )
    file.seek(0)
    end = 0
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            while (member := tar.next()) is not None:
                if member.offset < end or member.size < 0 or member.sparse:
                    raise tarfile.ReadError("a member that cannot be")
                blocks = -(-member.size // tarfile.BLOCKSIZE)
                if not member.isreg():
                    blocks = 0
                end = member.offset_data + blocks * tarfile.BLOCKSIZE
                if end > length:
                    raise tarfile.ReadError("unexpected end of data")
                yield member
                tar.members.clear()  # it would keep all of them
    except (tarfile.TarError, ValueError, RecursionError) as error:
        raise ValueError(
            f"The file {path!r} is no whole tar file ({error}): it is damaged, "
            "or was not copied to its end; copy it again."
        ) from None
    _check_end(file, path, end)


def _check_end(file, path, end):
    """Raises unless zeros follow: `tarfile` ends at any bad header."""
    file.seek(end)
    block = file.read(tarfile.BLOCKSIZE)
    if block.strip(b"\0") or len(block) < tarfile.BLOCKSIZE:
        raise ValueError(
            f"The file {path!r} is no whole tar file: it is damaged after "
            f"{end} bytes, or was not copied to its end; copy it again."
        )


def _image(members, ending):
    """First byte and size of a sample's image, None if it has none."""
    if ending is not None:
        return members.get(ending.lower().lstrip("."))
    return next(
        (span for name, span in members.items() if _is_image(name)), None
    )


def _is_image(ending):
    return f".{ending}".endswith(EXTENSIONS)


def _label(file, members, asked, where):
    """A sample's label as it stands there, "" for none."""
    ending, _, field = (asked or "").lower().lstrip(".").partition(".")
    chosen = [name for name in LABELS["tar"] if name in members]
    if asked:
        chosen = [name for name in (asked.lower(), ending) if name in members]
    if not chosen:
        return ""
    begin, size = members[chosen[0]]
    if size > LABEL_LIMIT:
        raise ValueError(
            f"A label must be at most {LABEL_LIMIT} bytes long. Received: "
            f"{size} bytes in {where}"
        )
    file.seek(begin)
    data = file.read(size)
    try:
        if chosen[0] == "json":
            return _of_json(json.loads(data), field)
        return data.decode().strip()
    except ValueError as error:  # also of UTF-8
        raise ValueError(
            f"The label of {where} cannot be read: {error}"
        ) from None


def _of_json(content, field):
    fields = (field,) if field else LABELS["json"]
    if not isinstance(content, dict):
        raise ValueError("expected an object")
    values = [content[name] for name in fields if name in content]
    return values[0] if values else ""
