"""Predictions: the best classes by name, one row for each image."""

import csv
import json

import numpy as np
import pytest
import small_classifier
import tensorflow as tf
from data_files import WRITERS
from data_files import rows
from stand_ins import arrays_of
from tables import rows_of

import simclrv2_tf
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.config import Config
from simclrv2_tf.data import class_gaps
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference import predict
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import inputs

RNG = np.random.default_rng(0)


def test_predictions_are_the_best_classes_by_name(network, run, folder):
    path = simclrv2_tf.predict(f"folder:{folder}", run, eval_batch_size=2)
    assert path == str(run / "predictions-7.csv")
    source = sources.open_source(f"folder:{folder}")
    logits = small_classifier.answers(network, source, "logits_sup")
    odds = np.exp(np.float64(logits))
    share = odds / odds.sum(axis=1, keepdims=True)
    rows = rows_of(path)
    assert len(rows) == 7
    for index, row in enumerate(rows):
        assert row["file"] == source.where(index)
        assert row["label"] == source.class_names[source.labels[index]]
        order = np.argsort(-share[index])
        for place, best in enumerate(order, 1):
            assert row[f"class_{place}"] == small_classifier.NAMES[best]
            probability = float(row[f"probability_{place}"])
            assert probability == pytest.approx(share[index, best], rel=1e-4)
    assert not (run / "predictions-7.csv.parts").exists()


@pytest.mark.slow
def test_labels_that_the_network_does_not_know_are_said(
    run, folder, tmp_path, caplog
):
    simclrv2_tf.predict(f"folder:{folder}", run)
    assert "does not know" not in caplog.text
    (folder / "ant").rename(folder / "wasp")
    simclrv2_tf.predict(
        f"folder:{folder}", run, predict_output=str(tmp_path / "p.csv")
    )
    assert "has the classes wasp, which the network does not" in caplog.text


def test_predictions_from_a_bare_checkpoint_on_unlabelled_images(
    tmp_path,
):
    network = small_classifier.resnet()
    tf1.write(
        str(tmp_path / "w" / "m"),
        arrays_of(network),
    )
    images = RNG.random((5, 32, 32, 3), np.float32)
    path = simclrv2_tf.predict(
        tf.data.Dataset.from_tensor_slices(images),
        checkpoint=str(tmp_path / "w"),
        predict_output=str(tmp_path / "p.csv"),
        predict_top_k=2,
    )
    rows = rows_of(path)
    best = np.asarray(network(images)["logits_sup"]).argmax(axis=1)
    assert [row["class_1"] for row in rows] == [str(k) for k in best]
    assert {row["label"] for row in rows} == {""}
    assert list(rows[0])[2:] == [
        "class_1",
        "probability_1",
        "class_2",
        "probability_2",
    ]


def test_folders_of_the_data_do_not_name_the_classes(
    network, folder, tmp_path, caplog
):
    """Of weights that know no names, with as many folders as classes."""
    (folder / "cow").mkdir()
    (folder / "bee" / "0.png").rename(folder / "cow" / "0.png")
    network.save(tmp_path / "network.keras")
    path = simclrv2_tf.predict(
        f"folder:{folder}",
        checkpoint=str(tmp_path / "network.keras"),
        predict_output=str(tmp_path / "p.csv"),
    )
    rows = rows_of(path)
    assert {row["label"] for row in rows} == {"ant", "bee", "cow"}
    assert {row["class_1"] for row in rows} <= set("012")
    assert "does not name its classes: they are numbers, 0 to 2" in caplog.text


@pytest.mark.parametrize(
    ("names", "dataset", "known"),
    [
        (("1", "2", "3"), "csv:a.csv", True),
        (("1", "2", "4"), "csv:a.csv", False),
        (("ant", "bee", "cow"), "these", True),
        (("ant", "bee", "cow"), "csv:a.csv", False),
    ],
)
def test_numbers_and_a_tfds_data_set_name_them(
    names, dataset, known, monkeypatch
):
    monkeypatch.setattr(predict, "is_tfds", lambda name: name == "these")
    images = InMemory(np.zeros((3, 8, 8, 3), np.uint8))
    labels = np.arange(3, dtype=np.int32)
    source = Source(
        f"{dataset} (train)",
        labels,
        images,
        names,
        notes=class_gaps.gap_notes(names),
    )
    config = Config(dataset=dataset)
    named = predict._names("weights", 3, config, source)
    assert named == (list(names) if known else ["0", "1", "2"])


def test_labels_of_a_map_of_numbers_have_the_networks_names(
    run, folder, tmp_path, caplog
):
    path = tmp_path / "map.csv"
    (folder / "ant").rename(folder / "wasp")
    path.write_text("wasp,1\nbee,0\n")
    table = simclrv2_tf.predict(f"folder:{folder}", run, label_map=str(path))
    assert {row["label"] for row in rows_of(table)} == {"ant", "bee"}
    assert "does not know" not in caplog.text


def test_predictions_need_a_classifier_and_a_file(run, folder, tmp_path):
    with pytest.raises(ValueError, match="which is a directory"):
        simclrv2_tf.predict(f"folder:{folder}", run, predict_output=tmp_path)
    bare = Network(**{**small_classifier.TINY, "num_classes": 0})
    bare.save(tmp_path / "bare.keras")
    with pytest.raises(ValueError, match="has no classifier, `logits_sup`"):
        simclrv2_tf.predict(
            f"folder:{folder}",
            checkpoint=str(tmp_path / "bare.keras"),
            predict_output=str(tmp_path / "p.csv"),
        )


def test_predictions_need_a_trained_classifier(run, folder):
    flags = {
        **small_classifier.FLAGS,
        "train_mode": "pretrain",
        "lineareval_while_pretraining": False,
    }
    (run / "flags.json").write_text(json.dumps(flags))
    with pytest.raises(ValueError, match="pretrained without one"):
        simclrv2_tf.predict(f"folder:{folder}", run)


def test_an_unreadable_image_has_no_prediction(run, folder, tmp_path, capsys):
    good = rows_of(simclrv2_tf.predict(f"folder:{folder}", run))
    (folder / "bee" / "1.png").write_bytes(b"no image")
    path = str(tmp_path / "p.csv")
    rows = rows_of(
        simclrv2_tf.predict(
            f"folder:{folder}",
            run,
            max_corrupt_fraction=0.2,
            predict_output=path,
        )
    )
    named = {"file": str(folder / "bee" / "1.png"), "label": "bee"}
    assert rows[5] == {**dict.fromkeys(good[0], ""), **named}
    assert rows[:5] + rows[6:] == good[:5] + good[6:]
    assert "1 of 7 images could not be read" in capsys.readouterr().out


@pytest.mark.slow
def test_rows_of_other_images_are_not_overwritten(run, folder, tmp_path):
    path = simclrv2_tf.predict(f"folder:{folder}", run)
    rows = rows_of(path)
    others = small_classifier.photographs(tmp_path / "others")
    with pytest.raises(ValueError) as raised:
        simclrv2_tf.predict(f"folder:{others}", run)
    message = str(raised.value)
    assert "predictions-7.csv' is there and holds another result" in message
    assert "row 1 was " in message and "others/ant/3.png" in message
    assert rows_of(path) == rows
    (folder / "ant" / "9.png").write_bytes(
        (folder / "ant" / "3.png").read_bytes()
    )
    with pytest.raises(ValueError, match="rows was 7 and is 8"):
        simclrv2_tf.predict(f"folder:{folder}", run)
    (folder / "ant" / "9.png").unlink()
    simclrv2_tf.predict(f"folder:{folder}", run, predict_top_k=1)
    assert list(rows_of(path)[0]) == list(rows[0])[:4]


@pytest.mark.parametrize(
    "text",
    [
        "my,table\n1,2\n",
        pytest.param("\udcff\n", marks=pytest.mark.slow),
        pytest.param("file,label,class_1\n", marks=pytest.mark.slow),
    ],
)
def test_neither_are_other_files(run, folder, tmp_path, text):
    table = tmp_path / "mine.csv"
    table.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match="another result: no predictions"):
        simclrv2_tf.predict(f"folder:{folder}", run, predict_output=str(table))
    assert table.read_bytes() == text.encode(errors="surrogateescape")
    table.write_text("")
    simclrv2_tf.predict(f"folder:{folder}", run, predict_output=str(table))
    assert len(rows_of(table)) == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "differs"),
    [
        ({"image_size": 16}, "image_size was 8 and is 16"),
        ({"input_mean": "0.5,0.5,0.5"}, "input_mean was null"),
        ({"ft_proj_selector": 0}, "ft_proj_selector was 1 and is 0"),
    ],
)
def test_a_killed_prediction_goes_on_with_the_same_pixels(
    resnet_run, folder, monkeypatch, options, differs
):
    flags = {**small_classifier.RESNET_FLAGS, "ft_proj_selector": 1}
    (resnet_run / "flags.json").write_text(json.dumps(flags))

    def fail(*_):
        raise OSError("as if killed")

    with monkeypatch.context() as patch:
        patch.setattr(predict, "_table", fail)
        with pytest.raises((OSError, ValueError), match="as if killed"):
            simclrv2_tf.predict(f"folder:{folder}", resnet_run)
    with pytest.raises(ValueError, match=f"parts of another.*{differs}"):
        simclrv2_tf.predict(f"folder:{folder}", resnet_run, **options)
    simclrv2_tf.predict(f"folder:{folder}", resnet_run)


ASIDE = {"holdout_fraction": 0.25, "eval_split": "holdout"}


@pytest.fixture
def arrays(tmp_path):
    """Images that are no files."""
    WRITERS["npz"](tmp_path / "a.npz", rows())
    return f"npz:{tmp_path}/a.npz"


def test_images_set_aside_are_named_by_their_numbers_in_the_split(run, arrays):
    part = inputs.open_source(Config(dataset=arrays, **ASIDE), "holdout")
    path = simclrv2_tf.predict(arrays, run, split="holdout", **ASIDE)
    names = [row["file"] for row in rows_of(path)]
    assert names == [f"{part.name}#{n}" for n in part.numbers]
    whole = inputs.open_source(Config(dataset=arrays))
    for place, name in enumerate(names):
        number = int(name.split("#")[1])
        assert part.encoded_bytes(place) == whole.encoded_bytes(number)


def test_a_table_of_an_earlier_version_is_written_anew(run, arrays):
    """It named images by their places in what was set aside."""
    path = simclrv2_tf.predict(arrays, run, split="holdout", **ASIDE)
    rows = rows_of(path)
    name = rows[0]["file"].split("#")[0]
    earlier = [
        {**row, "file": f"{name}#{place}"} for place, row in enumerate(rows)
    ]
    assert earlier != rows
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(earlier)
    simclrv2_tf.predict(arrays, run, split="holdout", **ASIDE)
    assert rows_of(path) == rows
