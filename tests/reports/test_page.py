"""The page: one file, escaped, whatever a run has left behind."""

import html.parser
import json
import logging

import browser
import journals
import numpy as np
import pytest
import small_classifier

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference.probes import probe_results
from simclrv2_tf.recipes import record
from simclrv2_tf.reports import job_page
from simclrv2_tf.reports import page
from simclrv2_tf.runs.journal import Journal

EVIL = "<script>alert(1)</script>"
NAMES = (EVIL, "bee", "$\\cat")
FLAGS = {
    **small_classifier.FLAGS,
    "class_names": NAMES,
    "num_classes": 3,
    "train_mode": "finetune",
    "dataset": f"folder:{EVIL}",
    "resnet_depth": 18,
    "color_jitter_strength": 0.5,
}
PROBED = [
    probe_results.Measurement(
        network=EVIL,
        endpoint="final_avg_pool",
        classifier="logistic",
        labels=5.0,
        count="5",
        labels_in_all=15,
        draw=draw,
        seed=draw,
        top_1=0.5,
        examples=24,
        split="these",
        image_size=32,
        family="logistic",
    )
    for draw in range(2)
]
TIMED = {
    "formats": [
        {
            "format": "litert_int8",
            "bytes": 3 * 2**19,
            "milliseconds": {"1": {"median": 0.123}, "32": {"median": 4.0}},
        }
    ]
}
HALVED = "pretraining began again at learning rate 1, half of 2: it is lost"
HEADINGS = ["What it is", "Learning", "Result", "Looking", "Health"]


class Reader(html.parser.HTMLParser):
    """Headings, tags and addresses of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.headings, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "h2":
            self.headings.append("")
            self.open.append(tag)
        names = ("src", "srcset", "href")
        self.links += [value for name, value in attributes if name in names]

    def handle_endtag(self, tag):
        if tag == "h2":
            self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.headings[-1] += data


def source(count, name="train", labelled=True):
    rng = np.random.default_rng(count)
    labels = rng.integers(0, 3, count).astype(np.int32)
    labels = labels if labelled else np.full(count, -1, np.int32)
    images = rng.integers(0, 255, (count, 9, 10, 3), np.uint8)
    return Source(name, labels, InMemory(images), NAMES if labelled else None)


def write(run, *sources):
    return page.write(Config(mode="report", model_dir=str(run)), *sources)


def make_run(path):
    path.mkdir()
    small_classifier.save_run(small_classifier.classifier(), path)
    (path / "flags.json").write_text(json.dumps(FLAGS))
    lines = "\n".join(map(json.dumps, journals.EVENTS))
    (path / "events.jsonl").write_text(lines)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = make_run(tmp_path_factory.mktemp("report") / "a<b>run")
    probe_results.write(str(path), {}, PROBED)
    version = path / "saved_model" / "7"
    version.mkdir(parents=True)
    (version / "benchmark.json").write_text(json.dumps(TIMED))
    write(path, source(30), source(24, "evaluation"))
    return path


def text_of(run):
    return (run / page.PAGE).read_text(encoding="utf-8")


@pytest.mark.slow
def test_all_sections_are_there(run):
    text = text_of(run)
    assert Reader(text).headings == HEADINGS
    for said in (
        "24 images: accuracy",
        "Surest mistakes",
        '<td>litert_int8</td><td class="number">1.50</td>',
        "Nearest neighbours",
        "went on from step 15",
        "the effective rank is 3.0 of 64",
        "Label → answer",
    ):
        assert said in text
    assert "There is no probe.json" not in text


@pytest.mark.slow
def test_the_page_needs_nothing_else(run):
    text = text_of(run)
    seen = Reader(text)
    assert not {"script", "iframe", "object"} & set(seen.tags)
    assert all(link.startswith(("data:", "#")) for link in seen.links)
    assert "default-src 'none'" in text
    assert len(text.encode()) < 5e6


@pytest.mark.slow
def test_names_from_outside_are_escaped(run):
    text = text_of(run)
    assert EVIL not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.slow
def test_the_pictures_are_files_too(run):
    names = {path.stem for path in (run / page.FOLDER).glob("*.png")}
    wanted = {"confusion", "classes", "reliability", "label_efficiency"}
    wanted |= {"map_pca", "map_tsne", "map_images", "neighbours"}
    assert wanted | {"learning_loss"} <= names


@pytest.mark.slow
def test_the_page_is_the_same_again(run):
    before = text_of(run)
    write(run, source(30), source(24, "evaluation"))
    assert text_of(run) == before


@pytest.mark.slow
def test_without_labels_what_makes_sense_stays(tmp_path):
    run = make_run(tmp_path / "run")
    write(run, source(20, labelled=False))
    text = text_of(run)
    assert Reader(text).headings == HEADINGS
    assert "There are no labelled images to evaluate on." in text
    assert "Nearest neighbours" in text
    assert "There is no probe.json" in text
    assert "Surest mistakes" not in text


def test_without_images_what_files_tell_stays(tmp_path):
    run = make_run(tmp_path / "run")
    write(run)
    text = text_of(run)
    assert Reader(text).headings == HEADINGS
    assert "Not all could be shown." in text
    assert "contrast loss" in text
    assert EVIL not in text and "&lt;script&gt;" in text  # the data's name


def test_one_measurement_is_no_curve(tmp_path):
    run = make_run(tmp_path / "run")
    once = [journals.event("start", 0), journals.train(1, 5.0)]
    (run / "events.jsonl").write_text("\n".join(map(json.dumps, once)))
    write(run)
    assert "no curve, which takes two measurements" in text_of(run)
    assert "over steps" not in text_of(run)  # of a picture


@pytest.mark.parametrize("notes", [[], ["all is well"], [HALVED]])
def test_a_halving_of_the_rate_is_told_once(tmp_path, notes):
    """Of a job under way, of one of an earlier version, and of one now."""
    stage = tmp_path / "pretrained"
    stage.mkdir()
    (stage / "flags.json").write_text(json.dumps(FLAGS))
    write_json(tmp_path, record.JOB, {"data": {"name": "these"}})
    attempts = [{"rate": 2.0, "why": "it is lost"}]
    write_json(tmp_path, record.PROGRESS, {"attempts": attempts})
    if notes:
        write_json(tmp_path, record.REPORT, {"rows": [], "notes": notes})
    Journal(str(tmp_path)).note("halved", rate=2.0, reason="it is lost")
    write(tmp_path)
    text = text_of(tmp_path)
    assert text.count("it is lost") == text.count(HALVED) == 1
    assert "No warnings." not in text
    assert all(note in text for note in notes)


def write_json(directory, name, values):
    (directory / name).write_text(json.dumps(values))


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no job and no run: expected"):
        simclrv2_tf.report(tmp_path)
    assert not list(tmp_path.iterdir())
    begun = {
        "asked": {},
        "data": {"name": "these", "examples": 80},
        "recipe": {"seconds": {}, "reasons": []},
    }
    (tmp_path / "job.json").write_text(json.dumps(begun))
    with pytest.raises(ValueError, match="trained no stage.*--mode=status"):
        simclrv2_tf.report(tmp_path)
    with pytest.raises(ValueError, match="local directories. Received.*gs://"):
        simclrv2_tf.report("gs://bucket/run")


def test_a_page_that_fails_costs_a_job_one_line(tmp_path, caplog, monkeypatch):
    def fail(*_):
        raise KeyError("anything")

    monkeypatch.setattr(page, "write", fail)
    with caplog.at_level(logging.WARNING, "simclrv2_tf"):
        job_page.write_page(str(tmp_path), None, None)
    (record,) = caplog.records
    assert "report.html cannot be written: 'anything'" in record.getMessage()


@pytest.mark.slow
def test_a_browser_opens_it(run, tmp_path):
    command = browser.find()
    if not command:
        pytest.skip("needs a Chromium, on the PATH or as SIMCLRV2_BROWSER")
    expression = """({
        headings: [...document.querySelectorAll("h2")].map(h => h.innerText),
        images: [...document.images].every(i => i.naturalWidth > 0),
        wider: document.documentElement.scrollWidth - innerWidth,
    })"""
    seen = browser.look(
        command, run / page.PAGE, tmp_path, (1280, 400), expression
    )
    assert seen["errors"] == []
    assert seen["requests"] == []
    for answer in seen["answers"]:
        assert answer["headings"] == HEADINGS
        assert answer["images"]
        assert answer["wider"] <= 0
