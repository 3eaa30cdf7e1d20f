"""The card: what it tells, and that text from outside does nothing."""

import dataclasses
import re

import pytest
import yaml

from simclrv2_tf.config import Config
from simclrv2_tf.publishing import front_matter
from simclrv2_tf.publishing import model_card
from simclrv2_tf.publishing.card_facts import CardFacts
from simclrv2_tf.publishing.card_facts import Result
from simclrv2_tf.publishing.data_names import shown
from simclrv2_tf.publishing.data_names import shown_weights
from simclrv2_tf.publishing.markdown import escaped

EVIL = "x](http://a.example) <img src=x> | `code` @me $a$ www.a.example\n# b"
FACTS = CardFacts(
    network={
        "resnet_depth": 18,
        "width_multiplier": 0.25,
        "image_size": 16,
        "channels": 3,
    },
    step=7,
    class_names=["ant", EVIL],
    about=[("Data", EVIL)],
    runs=[],
    results=[Result("top-1 accuracy", 0.8, 0.67, 0.888, 50)],
    measured_on=EVIL,
    compared=[Result("small, from scratch", 0.4, None, None, 0)],
    settings={},
)


def card(target="mine", facts=FACTS, **options):
    return model_card.write(Config(target=target, **options), facts)


def front(text):
    _, held, body = text.split("---\n", 2)
    return yaml.safe_load(held), body


def test_the_front_matter_is_what_the_hub_reads():
    held, body = front(card("hf://me/mine", license="CC-BY-4.0"))
    assert held["license"] == "cc-by-4.0"
    assert held["library_name"] == "keras"
    assert held["pipeline_tag"] == "image-classification"
    (index,) = held["model-index"]
    (result,) = index["results"]
    assert result["metrics"][0]["value"] == 0.8
    assert "\n" not in result["dataset"]["name"]
    assert body.startswith("# mine\n")
    assert 'load_classifier("hf://me/mine")' in body
    assert "| top-1 accuracy | 80.0% | 67.0% to 88.8% | 50 |" in body
    assert "| small, from scratch | 40.0% |  | cross-validated |" in body
    assert "The weights: CC-BY-4.0." in body


def test_the_hubs_own_package_reads_it():
    repocard = pytest.importorskip("huggingface_hub.repocard")
    data = repocard.ModelCard(card(license="my own: licence")).data
    assert data.license == "other"
    assert data.eval_results[0].metric_value == 0.8


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        (None, {}),
        ("MIT", {"license": "mit"}),
        ("ours: #1\n", {"license": "other", "license_name": "ours: #1"}),
    ],
)
def test_licences(licence, expected):
    held, body = front(front_matter.write("mine", licence, FACTS))
    kept = {name: v for name, v in held.items() if name.startswith("license")}
    assert kept == expected and not body
    said = "not stated" if licence is None else licence.split("#")[0].strip()
    assert f"The weights: {said}" in card(license=licence)


def test_text_from_outside_shows_as_it_is():
    body = front(card(intended_use=EVIL, license=EVIL))[1]
    for sign in ("](", "<img", "| `", "@me", "$a", "http://", "www.a", "\n# b"):
        assert sign not in body, sign
    assert body.count("&#60;img src=x&#62;") == 5


def test_all_ascii_signs_come_back():
    import html

    text = "".join(map(chr, range(32, 127))).strip()
    assert html.unescape(escaped(text)) == text
    assert escaped("Müller's ant, 3.5 %") == "Müller's ant, 3.5 %"
    assert escaped("a\x00\u202eb\u2028c") == "a b c"
    joined = "\u0645\u06cc\u200c\u0634\u0648\u062f \U0001f469\u200d\U0001f33e"
    assert html.unescape(escaped(joined)) == joined


def test_features_alone():
    facts = dataclasses.replace(FACTS, class_names=None, results=[])
    held, body = front(card(facts=facts))
    assert held["pipeline_tag"] == "image-feature-extraction"
    assert "model-index" not in held
    assert "load_network(" in body and "None: it gives features." in body
    assert "have not been evaluated" in body


def test_many_classes_are_cut():
    names = [f"class {number}" for number in range(101)]
    body = card(facts=dataclasses.replace(FACTS, class_names=names))
    assert "101 classes, in the network's order, the first 100 of them:" in body
    assert "class 99. All are in `labels.txt`." in body


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("digits (train)", "digits (train)"),
        ("imagenet2012_subset/1pct", "imagenet2012_subset/1pct"),
        ("folder:/home/a b/photos/", "folder:photos"),
        ("folder /home/me/photos (val)", "folder photos (val)"),
        ("concat:folder:/a/b,folder:/c/d", "concat:folder:b,folder:d"),
        ("npz:gs://bucket/key/x.npz", "npz:x.npz"),
        ("csv:s3://me:word@host/x.csv", "csv:x.csv"),
        ("folder:/home/a,me/photos", "folder:a,photos"),
        (r"folder:C:\Users\me\photos", "folder:photos"),
        ("csv:https://me:wo/rd@host/x.csv?key=word", "csv:x.csv?key=***"),
    ],
)
def test_names_of_data_have_no_places(name, expected):
    assert shown(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("simclrv2/pretrained/r50_1x_sk1", "simclrv2/pretrained/r50_1x_sk1"),
        ("hf://me/mine@v1", "hf://me/mine@v1"),
        ("/home/me/runs/p", "p"),
        ("me/runs/p/", "p"),
        ("me/p,hf://me/mine", "p,hf://me/mine"),
        ("me/net.keras", "net.keras"),
        ("ResNet-18 ×0.25, SK", "ResNet-18 ×0.25, SK"),
        ("keras:MobileNetV2", "keras:MobileNetV2"),
    ],
)
def test_names_of_weights_and_networks_have_no_places(name, expected):
    assert shown_weights(name) == expected


@pytest.mark.parametrize(
    "text", ["- a", "+ a", "---", "===", "1. a", "12) a", "a :cat: b"]
)
def test_a_line_begins_no_list_and_no_heading(text):
    import html

    written = escaped(text)
    assert html.unescape(written) == text
    assert not re.match(r"[-+=]|\d+[.)] |.*:cat:", written)


@pytest.mark.parametrize("text", ["1.5 mm", "3-D", "80.0%", "a - b", "12:30"])
def test_numbers_stay(text):
    assert escaped(text) == text


def test_a_directorys_card_is_addressed_to_a_repository():
    """Generated for a directory and sent, it is as if written for the hub."""
    for names in (["ant"], None):
        facts = dataclasses.replace(FACTS, class_names=names)
        own, sent = (card(t, facts) for t in ("/x/my_work", "hf://me/mine"))
        addressed = model_card.for_repository(own, "/x/my_work", "hf://me/mine")
        assert addressed == sent != own


def test_what_was_edited_in_a_card_stays():
    own = card("/x/work").replace("# work", "# Mine").replace("PATH", "runs/a")
    own = own.replace('"name": "work"', '"name": "Mine"')
    assert model_card.for_repository(own, "/x/work", "hf://me/leaf") == own
