"""Files by split: what their names say, and which shards are missing."""

import pytest
from data_files import rows
from data_files import write_csv

from simclrv2_tf.data import sources
from simclrv2_tf.data.sources.split_files import files_by_split

HASHES = ("2f8f6bfa852eac0e", "aaf61d2b11a0bbd7", "0123456789abcdef")


def found(folder, *names, **options):
    """The names by split, of files that the folder holds."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    by_split = files_by_split(str(folder), None, (".tar",), **options)
    return {
        split: [file.rpartition("/")[2] for file in files]
        for split, files in by_split.items()
    }


@pytest.mark.parametrize("split", ["test", "val"])
def test_files_to_evaluate_on_beside_others(tmp_path, split, caplog):
    """They were trained on."""
    shards = [f"shard-{number}.tar" for number in range(3)]
    for _ in range(2):
        by_split = found(tmp_path / split, *shards, f"{split}-0.tar")
        assert by_split == {split: [f"{split}-0.tar"], "train": shards}
    assert len(caplog.messages) == 1
    assert f"hold '{split}' are that split, and the others" in caplog.text


def test_files_of_two_splits_to_evaluate_on_beside_others(tmp_path, caplog):
    """The others were left out, and there was nothing to train on."""
    shards = [f"shard-{number}.tar" for number in range(3)]
    assert found(tmp_path, *shards, "test-0.tar", "val-0.tar") == {
        "test": ["test-0.tar"],
        "train": shards,
        "val": ["val-0.tar"],
    }
    assert "hold 'test' or 'val' are those splits, and the" in caplog.text


def test_files_of_no_split_beside_those_of_training_are_left_out(
    tmp_path, caplog
):
    names = ["train-0.tar", "test-0.tar", "val-0.tar", "more-0.tar"]
    assert sorted(found(tmp_path, *names)) == ["test", "train", "val"]
    assert "left out" in caplog.text and "more-0.tar" in caplog.text


def numbered(name, count=3):
    return [f"{name}-{number:05d}-of-{count:05d}" for number in range(count)]


def test_numbers_may_follow_the_ending(tmp_path):
    """As in x.tfrecord-00000-of-00008."""
    shards = numbered("x.tar")
    names = [*shards, *numbered("a.json"), ".x.tar-00000-of-00001"]
    assert found(tmp_path, *names) == {"train": shards}
    # A directory that could be read before is read as it was.
    assert found(tmp_path, "all.tar") == {"train": ["all.tar"]}
    (tmp_path / "all.tar").unlink()
    (tmp_path / shards[1]).unlink()
    with pytest.raises(ValueError, match="Of the 3 shards .* 1 are missing"):
        found(tmp_path)


def test_numbered_files_without_an_ending(tmp_path):
    """As ImageNet's are: train-00000-of-01024."""
    train, test = numbered("train"), numbered("validation", 2)
    by_split = found(tmp_path, *train, *test, "labels.txt", any_shard=True)
    assert by_split == {"train": train, "validation": test}
    message = r"no file in the directory '.*' whose name ends in \.tar: give"
    with pytest.raises(ValueError, match=message):
        found(tmp_path)


@pytest.mark.parametrize("first", ["train", "training", "unlabelled"])
def test_files_to_train_on_beside_others(tmp_path, first):
    names = [f"{first}-0.tar", "more-0.tar"]
    assert found(tmp_path, *names) == {"train": sorted(names)}


def test_files_of_one_split_alone(tmp_path):
    assert found(tmp_path, "test-0.tar") == {"train": ["test-0.tar"]}


def test_shards_that_end_in_a_hash_each(tmp_path):
    names = [
        f"train-{number:05d}-of-00003-{hash_}.tar"
        for number, hash_ in enumerate(HASHES)
    ]
    assert found(tmp_path / "all", *names) == {"train": names}
    message = r"the 3 shards .*train-\*-of-00003-\*.tar 1 are .* number 1"
    with pytest.raises(ValueError, match=message):
        found(tmp_path / "some", names[0], names[2])
    short = [name.replace(HASHES[0][2:], "") for name in names]
    with pytest.raises(ValueError, match="2 are missing"):  # other series
        found(tmp_path / "short", short[0])


def test_two_revisions_in_one_directory(tmp_path, caplog):
    """All of their images were there twice."""
    names = [
        f"train-{number:05d}-of-00002-{hash_}.tar"
        for number in range(2)
        for hash_ in HASHES[:2]
    ]
    message = (
        r"one of each of the shards .*train-\*-of-00002-\*.tar. Received: "
        f".*{names[0]}' and .*{names[1]}', as of two revisions"
    )
    with pytest.raises(ValueError, match=message):
        found(tmp_path / "two", *names)
    assert not caplog.messages
    # One shard each: perhaps two data sets, which could always be read.
    sole = [f"train-00000-of-00001-{hash_}.tar" for hash_ in HASHES[:2]]
    for _ in range(2):
        assert found(tmp_path / "sole", *sole) == {"train": sole}
    assert len(caplog.messages) == 1
    assert "if they are two revisions of one data set" in caplog.text


@pytest.mark.parametrize("name", ["hold-out", "fold 1", "val.2"])
def test_splits_of_any_name_are_opened_as_they_are_listed(tmp_path, name):
    path = tmp_path / "a.csv"
    write_csv(path, rows(slice(4)))
    first, *lines = path.read_text().splitlines()
    lines = [f"{line},{name if n else 'train'}" for n, line in enumerate(lines)]
    path.write_text("\n".join([f"{first},split", *lines]))
    assert sources.split_names(f"csv:{path}") == ["train", name]
    with pytest.raises(ValueError, match="is outside the classes"):
        sources.open_source(f"csv:{path}", name)
    whole = path.read_text().replace('"1"', '"0"').replace('"2"', '"0"')
    path.write_text(whole)
    assert sources.open_source(f"csv:{path}", name).num_examples == 3
    assert sources.open_source(f"csv:{path}", f"{name}[:1]").num_examples == 1


def test_a_folder_that_is_called_as_a_shard_is(tmp_path):
    """Its only file was taken for one shard of two."""
    folder = tmp_path / "part-1-of-2"
    assert found(folder, "a.tar") == {"train": ["a.tar"]}
    shards = [f"x-{number}-of-3.tar" for number in range(3)]
    assert found(folder, *shards) == {"train": ["a.tar", *shards]}
    (folder / shards[1]).unlink()
    message = r"Of the 3 shards .*/part-1-of-2/x-\*-of-00003.tar 1 are missing"
    with pytest.raises(ValueError, match=message):
        found(folder)


def by_template(folder, split, *names):
    """As `found`, by "{split}*.tar"."""
    for name in names:
        (folder / name).touch()
    by_split = files_by_split(f"{folder}/{{split}}*.tar", split, (".tar",))
    return {
        name: [file.rpartition("/")[2] for file in files]
        for name, files in by_split.items()
    }


def test_a_file_is_of_the_longest_split_that_a_template_matches(tmp_path):
    """Its images were there as "val", "valid" and "validation"."""
    names = ["train-000.tar", "validation-000.tar"]
    whole = {"train": names[:1], "validation": names[1:]}
    assert by_template(tmp_path, None, *names) == whole
    assert by_template(tmp_path, "validation[:50%]") == whole
    assert by_template(tmp_path, "train") == whole
    # A split that is asked for has what its name matches.
    assert by_template(tmp_path, "val") == {**whole, "val": names[1:]}
    assert by_template(tmp_path, "t") == {**whole, "t": names[:1]}
    more = ["val-000.tar", "training-000.tar"]
    assert by_template(tmp_path, None, *more) == {
        **whole,
        "training": more[1:],
        "val": more[:1],
    }
    assert by_template(tmp_path, "val")["val"] == more[:1]
