"""`--mode=curate` as a whole: tables, page, what is refused."""

import contextlib
import csv
import io
import json
import shutil

import numpy as np
import probe_strengths
import pytest
from PIL import Image
from tables import rows_of

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.curation import curation_tables
from simclrv2_tf.curation.pool import open_pool
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory

EVIL = "<script>"


@pytest.fixture(autouse=True)
def few_strengths(monkeypatch):
    probe_strengths.use_few(monkeypatch)


@pytest.fixture
def own_run(run, tmp_path):
    """A copy, for results of one test."""
    return shutil.copytree(run, tmp_path / "run")


def pixels(seed, level):
    rng = np.random.default_rng(seed)
    noise = rng.normal(level, 40, (24, 24, 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


def save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Two classes, two copies within training and one in the test split."""
    root = tmp_path_factory.mktemp("photographs")
    for index in range(24):
        name, level = (("ant", 80), (EVIL, 170))[index % 2]
        save(pixels(index, level), root / "train" / name / f"{index:02d}.png")
    bright = np.clip(pixels(0, 80) * 1.1, 0, 255).astype(np.uint8)
    save(bright, root / "train" / "ant" / "copy.png")
    for index in (30, 31, 32):
        save(pixels(index, 80), root / "test" / "ant" / f"{index}.png")
    save(pixels(3, 170), root / "test" / EVIL / "leak.png")
    return root


def curated(run, data, **options):
    return simclrv2_tf.curate(data, run, eval_split="test", **options)


@pytest.fixture(scope="module")
def first_round(run, photographs, tmp_path_factory):
    """A run with tables of the photographs, what they say, what is printed."""
    own = shutil.copytree(run, tmp_path_factory.mktemp("first") / "run")
    printed = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(printed),
    ):
        probe_strengths.use_few(patch)
        result = curated(
            own, f"folder:{photographs}", label_budget=6, labels_per_class=3
        )
    return own, result, printed.getvalue()


@pytest.fixture
def curated_run(first_round, tmp_path):
    """A copy of it, for what follows."""
    return shutil.copytree(first_round[0], tmp_path / "run")


def test_all_tables_of_a_folder(first_round):
    own, result, printed = first_round
    folder = own / "curation"
    assert json.loads((folder / "curation.json").read_text()) == result
    for name, columns in curation_tables.COLUMNS.items():
        assert list(result["tables"][f"{name}.csv"]["columns"]) == list(columns)
        with open(folder / f"{name}.csv") as file:
            assert file.readline().strip().split(",") == list(columns)
    assert result["protocol"]["splits"] == {"test": 4, "train": 25}
    assert result["protocol"]["labels"] == 6 + 4
    copies = rows_of(folder / "near_duplicates.csv")
    groups = {}
    for row in copies:
        groups.setdefault(row["group"], set()).add(row["file"].split("/")[-1])
    leaking = {"03.png", "leak.png"}
    assert {frozenset(names) for names in groups.values()} == {
        frozenset({"00.png", "copy.png"}),
        frozenset(leaking),
    }
    assert [r["keep"] for r in copies if r["split"] == "test"] == ["yes"]
    for row in copies:
        across = groups[row["group"]] == leaking
        assert row["across_splits"] == ("yes" if across else "no")
    assert result["near_duplicates"]["across_splits"] == 1
    far = rows_of(folder / "outliers.csv")
    scores = [float(row["score"]) for row in far]
    assert len(far) == 29 and scores == sorted(scores, reverse=True)
    doubtful = rows_of(folder / "doubtful_labels.csv")
    assert len(doubtful) == 10
    assert all(row["looks_like"] != row["label"] for row in doubtful)
    page = (folder / "curation.html").read_text()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "Label next" in page and page.count("data:image/png") > 10
    assert (folder / "pictures" / "similarities.png").exists()
    with Image.open(folder / "next_labels.png") as sheet:
        assert sheet.width > sheet.height > 96
    assert "near-duplicates: 4 images in 2 groups" in printed


@pytest.mark.slow
def test_the_table_to_fill_in_reads_back(curated_run):
    path = curated_run / "curation" / "next_labels.csv"
    rows = rows_of(path)
    chosen = rows[:6]
    assert [row["rank"] for row in chosen] == list("123456")
    assert all(row["label"] == "" and row["by"] for row in chosen)
    assert all(row["rank"] == "" for row in rows[6:])
    assert len(rows) == 29
    for row in chosen[:3]:
        row["label"] = "  ant " if "/ant/" in row["file"] else f"{EVIL} "
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    source = sources.open_source(f"csv:{path}", "train")
    assert source.num_examples == 25
    assert (source.labels >= 0).sum() == 6 + 3
    assert source.class_names == (EVIL, "ant")
    test = sources.open_source(f"csv:{path}", "test")
    assert test.num_examples == (test.labels >= 0).sum() == 4
    # The next round leaves out what has a label by now.
    again = curated(curated_run, f"csv:{path}", label_budget=4)
    assert again["protocol"]["labels"] == 9 + 4
    more = rows_of(path)[:4]
    labelled = {row["file"] for row in chosen[:3]}
    assert not labelled & {row["file"] for row in more}


@pytest.mark.slow
def test_near_duplicates_are_left_out_by_their_table(
    curated_run, photographs, capsys
):
    data = f"folder:{photographs}"
    names = curated_run / "curation" / "near_duplicates.csv"
    out = [row["file"] for row in rows_of(names) if row["keep"] == "no"]
    left = {file.split("/")[-1] for file in out}
    assert len(left) == 2 and "03.png" in left
    again = curated(curated_run, data, exclude_images=str(names))
    assert again["protocol"]["splits"] == {"test": 4, "train": 23}
    assert again["near_duplicates"]["groups"] == 0
    assert again["near_duplicates"]["to_leave_out"] == 0
    assert again["near_duplicates"]["before"] == 2
    printed = capsys.readouterr().out
    assert "leaves 2 out, 2 of them by earlier rounds" in printed
    # It wrote the table by which it left images out.
    kept = rows_of(names)
    assert [row["file"] for row in kept if row["keep"] == "no"] == out
    assert again["tables"]["near_duplicates.csv"]["rows"] == len(kept) == 4


def test_results_go_beside_the_images(own_run, photographs):
    inside = photographs / "train" / "found"
    with pytest.raises(ValueError, match="`curate_output` must lie outside"):
        curated(own_run, f"folder:{photographs}", curate_output=str(inside))
    assert not inside.exists()


@pytest.mark.slow
def test_arrays_that_get_no_copies_are_named_by_their_numbers(own_run):
    """Their labels go into the data: a PNG is not what they hold."""
    images = np.stack([pixels(n, 120) for n in range(12)]) / np.float32(255)
    source = arrays([-1] * 12, images)
    simclrv2_tf.curate(source, own_run, label_budget=3)
    rows = rows_of(own_run / "curation" / "next_labels.csv")
    known = {f"arrays#{number}" for number in range(12)}
    assert len({row["file"] for row in rows} & known) == len(rows) == 3
    assert not (own_run / "curation" / "next_labels").exists()


def arrays(labels, images=None):
    if images is None:
        images = np.stack([pixels(n, 120) for n in range(len(labels))])
    names = ("ant", "bee", "cat")
    return Source("arrays", np.array(labels, np.int32), InMemory(images), names)


def test_images_that_are_no_files_are_written_beside(own_run):
    source = arrays([-1] * 12)
    result = simclrv2_tf.curate(source, own_run, label_budget=3)
    assert result["doubtful_labels"] is None
    path = own_run / "curation" / "next_labels.csv"
    rows = rows_of(path)
    assert [row["file"][:17] for row in rows] == [
        f"next_labels/000{rank}-" for rank in (1, 2, 3)
    ]
    rows[0]["label"] = "ant"
    read = sources.open_source(f"csv:{path}", "train")
    assert read.num_examples == 3
    shown = rows_of(own_run / "curation" / "outliers.csv")[0]["file"]
    assert shown.startswith("arrays#")
    page = (own_run / "curation" / "curation.html").read_text()
    assert f'title="{shown}"' in page


def test_features_are_kept(own_run, monkeypatch):
    source = arrays([0, 1, 2] * 4)
    first = simclrv2_tf.curate(source, own_run)

    def sweep_again(*_):
        raise AssertionError("embedded again")

    from simclrv2_tf.inference import sweep

    monkeypatch.setattr(sweep, "run_shards", sweep_again)
    assert simclrv2_tf.curate(source, own_run) == first


@pytest.mark.slow
def test_images_all_alike_are_one_group(own_run):
    same = np.repeat(pixels(0, 120)[None], 9, axis=0)
    source = arrays([-1] * 9, same)
    result = simclrv2_tf.curate(source, own_run, label_budget=4)
    assert result["near_duplicates"]["groups"] == 1
    assert result["near_duplicates"]["to_leave_out"] == 8
    assert result["next_labels"]["chosen"] == 1


@pytest.mark.slow
def test_unreadable_images_are_left_out(own_run, tmp_path, caplog):
    for index in range(8):
        save(pixels(index, 120), tmp_path / "data" / f"{index}.png")
    (tmp_path / "data" / "5.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    data = f"folder:{tmp_path / 'data'}"
    result = simclrv2_tf.curate(
        data, own_run, label_budget=2, max_corrupt_fraction=0.5
    )
    assert result["protocol"]["unreadable"] == 1
    assert result["protocol"]["images"] == 7
    assert "5.png" in caplog.text
    for index in range(1, 8):
        (tmp_path / "data" / f"{index}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ValueError, match="of which 1 can be read"):
        simclrv2_tf.curate(data, own_run, max_corrupt_fraction=0.9)


def refused(match, source, run, **options):
    with pytest.raises(ValueError, match=match):
        simclrv2_tf.curate(source, run, **options)


def test_what_is_refused(own_run, resnet_run, tmp_path):
    some = arrays([0, 1, -1, -1])
    refused("at most 2, .*label_budget=3", some, own_run, label_budget=3)
    full = arrays([0, 1, 2, 0])
    refused("all 4 of the split 'train' have", full, own_run, label_budget=1)
    one = arrays([-1])
    refused("two or more. Received: 1 in arrays", one, own_run)
    refused("Expected a trained run", some, tmp_path / "nothing")
    refused("0 or more", some, own_run, label_budget=-1)
    refused(r"in \(0, 1\]", some, own_run, duplicate_similarity=1.5)
    refused("this machine", some, own_run, curate_output="gs://bucket/x")
    file = str(own_run / "flags.json")
    refused("which is a file", some, own_run, curate_output=file)
    weights = str(own_run / "ckpt-7")
    refused("curate_output` must say", some, None, checkpoint=weights)
    refused(
        "`embed_endpoint` must name features",
        some,
        resnet_run,
        embed_endpoint="block_group1",
    )
    for run in (own_run, resnet_run):
        assert not (run / "curation").exists()


@pytest.mark.slow
def test_an_unknown_class_is_told_with_the_nearest(own_run, caplog):
    images = np.stack([pixels(n, 120) for n in range(6)])
    names = ("ant", "bees", "cat")
    labels = np.array([0, 0, 1, 2, 2, -1], np.int32)
    source = Source("mine", labels, InMemory(images), names)
    simclrv2_tf.curate(source, own_run)
    assert "'bees' of mine: did you mean 'bee'?" in caplog.text


def test_splits_are_opened_once_each(photographs):
    data = f"folder:{photographs}"
    pool = open_pool(Config(dataset=data, eval_split="test"))
    assert pool.train == "train" and pool.trains.sum() == 25
    assert set(pool.splits) == {"train", "test"}
    # "validation" is the test split here.
    pool = open_pool(Config(dataset=data))
    assert len(pool.files) == len(set(pool.files)) == 29
    with pytest.raises(ValueError, match="--eval_split=other must name"):
        open_pool(Config(dataset=data, eval_split="other"))
    pool = open_pool(Config(dataset=data, split="test"))
    assert pool.train == "test" and pool.trains.all()
    pool = open_pool(Config(dataset=data, holdout_fraction=0.2))
    assert (pool.splits == "holdout").sum() == 5
    assert len(pool.files) == len(set(pool.files)) == 29
