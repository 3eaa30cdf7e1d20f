"""Probes: the draws, what is written, and what is refused."""

import dataclasses
import json

import numpy as np
import probe_strengths
import pytest
import small_classifier
import tensorflow as tf
from tables import rows_of

import simclrv2_tf
from simclrv2_tf.config import Config
from simclrv2_tf.config.probe_values import Count
from simclrv2_tf.data import holdout
from simclrv2_tf.data import sources
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.inference import feature_files
from simclrv2_tf.inference import sweep
from simclrv2_tf.inference.probes import probe
from simclrv2_tf.inference.probes import probe_data
from simclrv2_tf.probing import intervals
from simclrv2_tf.probing import ridge
from simclrv2_tf.recipes import baselines
from simclrv2_tf.runs import inputs

RNG = np.random.default_rng(0)
DIGITS = [str(digit) for digit in range(10)]


@pytest.fixture(autouse=True)
def few_strengths(monkeypatch):
    probe_strengths.use_few(monkeypatch)


def pictures(labels, names=DIGITS, name="pictures"):
    """Grey images whose brightness tells the class, with noise."""
    labels = np.array(labels, np.int32)
    pixels = 20 * labels[:, None, None, None] + RNG.integers(
        0, 20, (len(labels), 8, 8, 3)
    )
    return Source(name, labels, InMemory(pixels.astype(np.uint8)), tuple(names))


def digits():
    train = sources.open_digits("train").subset(np.arange(200))
    return train, sources.open_digits("test").subset(np.arange(100))


def probed(run, source=None, evaluation=None, **options):
    if source is None:
        source, evaluation = digits()
    return simclrv2_tf.probe(source, run, evaluation, **options)


def test_everything_on_one_curve(run, tmp_path, capsys):
    result = probed(
        run,
        label_counts="1,5,full",
        label_draws=2,
        probe_endpoint="final_avg_pool,proj_layer_1",
        compare=[str(run / "ckpt-7"), "pixels"],
        probe_k=[1, 20],
        probe_temperatures="0.1",
    )
    assert json.loads((run / "probe.json").read_text()) == result
    rows = rows_of(run / "probe.csv")
    # k=20 is more than the ten labels of the first count.
    each = 2 * 3 + 2 * 4 + 4
    assert len(rows) == len(result["draws"]) == 5 * each
    assert {row["network"] for row in rows} == {
        str(run),
        str(run / "ckpt-7"),
        "pixels",
    }
    points = {
        (p["network"], p["endpoint"], p["classifier"], p["count"]): p
        for p in result["curve"]
    }
    assert len(points) == len(result["curve"]) == 5 * (3 + 4 + 4)
    point = points["pixels", "pixels", "knn k=20 t=0.1", "5"]
    shares = [
        row["top_1"]
        for row in result["draws"]
        if (row["network"], row["classifier"], row["count"])
        == ("pixels", "knn k=20 t=0.1", "5")
    ]
    assert point["mean"] == pytest.approx(np.mean(shares))
    assert (point["low"], point["high"]) == intervals.student(shares)
    assert (point["labels"], point["labels_in_all"]) == (5, 50)
    assert (point["k"], point["temperature"], point["draws"]) == (20, 0.1, 2)
    full = points["pixels", "pixels", "logistic", "full"]
    assert full["interval"] == "wilson" and full["draws"] == 1
    assert full["strengths"][0] in result["protocol"]["strengths"]
    assert full["mean"] > 0.8  # digits are told by their pixels
    assert points["pixels", "pixels", "logistic", "1"]["strengths"] == [1, 1]
    # The same weights under two names, and the same draws.
    for (network, *rest), one in points.items():
        if network == str(run):
            twin = points[(str(run / "ckpt-7"), *rest)]
            assert {**twin, "network": network} == one
    assert "knn k=20" in capsys.readouterr().out
    protocol = result["protocol"]
    assert protocol["label_counts"] == ["1", "5", "full"]
    sizes = {(f["endpoint"], f["image_size"]) for f in protocol["features"]}
    assert sizes == {
        ("final_avg_pool", 8),
        ("proj_layer_1", 8),
        ("pixels", 32),
    }


@pytest.mark.slow
def test_a_count_of_fewer_labels_than_every_k_has_no_neighbours(run):
    result = probed(run, label_counts="1,full", label_draws=1, probe_k="20,50")
    kinds = {(p["count"], p["family"]) for p in result["curve"]}
    assert kinds == {
        *(("1", family) for family in ("logistic", "ridge")),
        *(("full", family) for family in ("knn", "logistic", "ridge")),
    }


def test_figures_are_those_of_the_features(run):
    source, evaluation = digits()
    result = probed(run, source, evaluation, probe_k="1")
    network = simclrv2_tf.load_network(run)
    known = baselines.unit_features(network, source)
    queries = baselines.unit_features(network, evaluation)
    means = {p["classifier"]: p["mean"] for p in result["curve"]}
    nearest = source.labels[(queries @ known.T).argmax(axis=1)]
    assert means["knn k=1"] == (nearest == evaluation.labels).mean()


@pytest.mark.slow
def test_features_are_embedded_once(run, monkeypatch):
    source, evaluation = digits()
    first = probed(run, source, evaluation)
    made = []
    compute = sweep.run_shards
    monkeypatch.setattr(
        sweep,
        "run_shards",
        lambda *arguments: made.append(1) or compute(*arguments),
    )
    assert probed(run, source, evaluation) == first and not made
    probed(run, source, evaluation, probe_endpoint="final_avg_pool,proj_sel")
    assert len(made) == 2  # of both parts, and of the new endpoint alone
    network = small_classifier.classifier()
    kernel = network.backbone.model.layers[0].kernel
    kernel.assign(kernel + 1)
    small_classifier.save_run(network, run)
    probed(run, source, evaluation)
    assert len(made) == 4  # another network
    brighter = dataclasses.replace(
        source, storage=InMemory(source.storage.array[::-1])
    )
    probed(run, brighter, evaluation)
    assert len(made) == 5  # other images under the same names
    assert not list(run.glob("probe_features/*.parts"))


def files_of(run):
    return set(run.glob("probe_features/*.npy"))


def stored(digits, folder, endpoints=("sum",), size=3):
    """Features of ten images, made by a function."""

    def function(images):
        return {name: tf.reduce_sum(images, [1, 2]) for name in endpoints}

    extractor = feature_files.Extractor("mine", endpoints, 8, None, function)
    source = digits[0].subset(np.arange(10))
    config = Config(embed_shard_size=size)
    return feature_files.kept(config, str(folder), extractor, source)


def kill_at_the_second_shard(monkeypatch):
    """Until it is undone."""
    write, written = feature_files.embedding_files.write_arrays, []

    def write_one(path, **arrays):
        if written:
            raise KeyboardInterrupt
        written.append(path)
        write(path, **arrays)

    monkeypatch.setattr(
        feature_files.embedding_files, "write_arrays", write_one
    )


@pytest.mark.parametrize(
    "other",
    [
        {"endpoints": ("sum",)},
        pytest.param(
            {"endpoints": ("sum", "second"), "size": 4}, marks=pytest.mark.slow
        ),
    ],
)
def test_another_command_is_not_stopped_by_a_killed_one(
    tmp_path, monkeypatch, other
):
    pair = {"endpoints": ("sum", "second")}
    with monkeypatch.context() as patch:
        kill_at_the_second_shard(patch)
        with pytest.raises(KeyboardInterrupt):
            stored(digits(), tmp_path, **pair)
    (left,) = tmp_path.glob("*.parts")
    stored(digits(), tmp_path, **other)
    assert [*tmp_path.glob("*.parts")] == [left]


@pytest.mark.parametrize(
    "earlier", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_a_killed_command_goes_on(tmp_path, monkeypatch, earlier):
    """Also one of an earlier version, whose parts have another name."""
    expected = stored(digits(), tmp_path / "whole")["sum"].rows[:]
    (whole,) = (tmp_path / "whole").glob("*.npy")
    with monkeypatch.context() as patch:
        kill_at_the_second_shard(patch)
        with pytest.raises(KeyboardInterrupt):
            stored(digits(), tmp_path)
    (left,) = tmp_path.glob("*.parts")
    if earlier:
        left.rename(tmp_path / f"{whole.name}.parts")
    made = []
    compute = sweep.run_shards

    def run_shards(config, shards, *arguments):
        made.extend(shards.missing())
        compute(config, shards, *arguments)

    monkeypatch.setattr(sweep, "run_shards", run_shards)
    again = stored(digits(), tmp_path)["sum"].rows[:]
    np.testing.assert_array_equal(again, expected)
    assert made == [1, 2, 3]
    assert not [*tmp_path.glob("*.parts")]


@pytest.mark.slow
def test_what_is_done_to_pixels_makes_other_features(resnet_run):
    source, evaluation = digits()
    other = {"input_mean": "0.5,0.5,0.5", "input_std": "0.2,0.2,0.2"}
    first = probed(resnet_run, source, evaluation)
    before = files_of(resnet_run)
    second = probed(resnet_run, source, evaluation, **other)
    assert len(files_of(resnet_run) - before) == 2
    assert first["draws"] != second["draws"]
    probed(resnet_run, source, evaluation, **other)
    assert len(files_of(resnet_run)) == 4


@pytest.mark.slow
def test_the_selector_makes_other_features_where_it_counts(resnet_run):
    source, evaluation = digits()
    options = {"probe_endpoint": "final_avg_pool,proj_sel"}
    probed(resnet_run, source, evaluation, **options)
    before = files_of(resnet_run)
    probed(resnet_run, source, evaluation, **options, ft_proj_selector=1)
    assert {path.name[:8] for path in files_of(resnet_run) - before} == {
        "proj_sel"
    }


@pytest.mark.parametrize("channels", [(1, 3), (3, 1)])
def test_pixels_have_the_channels_that_are_learnt_from(
    tmp_path, monkeypatch, channels
):
    parts = [pictures([*range(10)] * 2) for _ in channels]
    known, test = (
        dataclasses.replace(
            part, storage=InMemory(part.storage.array[..., :count])
        )
        for part, count in zip(parts, channels, strict=True)
    )
    monkeypatch.setattr(probe.weights, "with_endpoints", lambda *_: ())
    monkeypatch.setattr(probe.feature_files, "of_network", lambda *_: None)
    config = Config(mode="probe", model_dir=str(tmp_path), compare="pixels")
    data = probe_data.open_data(config, known, test)
    count = data.train.num_channels
    _, raw = probe._extractors(config, "ckpt-1", ["pixels"], count)
    widths = {
        feature_files.kept(config, str(tmp_path / name), raw, part)[
            "pixels"
        ].rows.shape[1]
        for name, part in (("train", data.train), ("test", data.test))
    }
    assert len(widths) == 1 and widths.pop() % channels[0] == 0


def test_features_of_earlier_versions_are_found():
    """Their fingerprint did not tell what is done to pixels."""
    earlier = {"image_size": 8, "weights": 1}
    now = {"input_mean": None, "input_std": None, "ft_proj_selector": 1}
    digest = feature_files._digest
    assert digest({**earlier, **now}, "final_avg_pool") == digest(
        earlier, "final_avg_pool"
    )
    assert digest({**earlier, **now}, "proj_sel") != digest(earlier, "proj_sel")


def test_without_an_evaluation_split_some_are_set_aside(run):
    result = probed(run, pictures([*range(10)] * 10), None, label_counts="0.25")
    protocol = result["protocol"]
    assert (protocol["labels"], protocol["examples"]) == (80, 20)
    assert "20% of each class: there is no evaluation" in protocol["judged"]
    assert result["draws"][0]["labels_in_all"] == 20


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ["test", "train"],
            "the data have the splits test, train and no 'validation'; "
            "--eval_split=test judges on that one",
        ),
        (["train"], "there is no evaluation split with labels"),
        (["train", "unlabelled"], "there is no evaluation split with labels"),
    ],
)
def test_a_split_that_is_not_read_is_named(monkeypatch, names, words):
    """TFDS has no other name for a split: CIFAR-10 has no "validation"."""

    def open_source(config, split=None, option=None):
        if split:
            raise NoSplitError("there is none", names)
        return pictures([*range(10)] * 10)

    monkeypatch.setattr(inputs, "open_source", open_source)
    monkeypatch.setattr(inputs, "split_names", lambda config: names)
    note = probe_data.open_data(Config(mode="probe", dataset="any")).note
    assert note.startswith("judged on 20 labelled images of pictures that")
    assert note.endswith(f"20% of each class: {words}")


def test_a_runs_holdout_stays_when_images_are_left_out(tmp_path):
    labels = np.arange(200) % 4
    images = np.zeros((200, 8, 8), np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=labels)
    aside = {"dataset": f"npz:{tmp_path}/a.npz", "holdout_fraction": 0.2}
    (tmp_path / "flags.json").write_text(json.dumps(aside))
    table, name = tmp_path / "names.txt", f"{aside['dataset']} (train)"
    table.write_text("".join(f"{name}#{n}\n" for n in range(40)))
    options = {**aside, "model_dir": str(tmp_path), "mode": "probe"}
    before = probe_data.open_data(Config(**options))
    since = probe_data.open_data(Config(**options, exclude_images=str(table)))
    for part in ("train", "test"):
        there = getattr(before, part).numbers
        assert (getattr(since, part).numbers == there[there >= 40]).all()
    expected = holdout.held_out(labels, 0.2)
    assert (before.test.numbers == expected).all()


@pytest.mark.parametrize(
    ("known", "test"),
    [
        ([0, 1, 2] * 10, [0, 1] * 10),
        ([0, 1] * 20 + [2], None),  # that can spare none
    ],
)
def test_a_class_that_is_not_judged_is_named(known, test):
    known, test = (
        labels and pictures(labels, "abc") for labels in (known, test)
    )
    note = probe_data.open_data(Config(), known, test).note
    words = "; none of these images is labelled 'c', which is not measured"
    assert note.startswith("judged on") and note.endswith(words)


def test_draws_are_stratified_nested_and_seeded():
    source = pictures(RNG.integers(0, 10, 200))
    readable = np.setdiff1d(np.arange(200), [3, 4])

    def drawn(count, seed=0):
        draws = probe_data.draws(source, count, 3, seed, readable)
        return [set(draw.numbers.tolist()) for draw in draws]

    few, many = drawn(Count("2", per_class=2)), drawn(Count("5", per_class=5))
    assert all(a < b for a, b in zip(few, many, strict=True))
    assert few[0] != few[1] and drawn(Count("2", per_class=2), 1)[0] == few[1]
    for numbers in many:
        counts = np.bincount(source.labels[list(numbers)])
        assert (counts == 5).all() and not numbers & {3, 4}
    (full,) = drawn(Count("full"))
    assert full == set(readable.tolist())


@pytest.mark.parametrize(
    ("count", "drawn"),
    [
        (Count("3", per_class=3), 1),
        (Count("0.95", fraction=0.95), 1),
        (Count("2", per_class=2), 4),
    ],
)
def test_a_count_that_takes_all_has_one_draw(count, drawn):
    source, readable = pictures([*range(10)] * 3), np.arange(30)
    draws = probe_data.draws(source, count, 4, 5, readable)
    assert [draw.number for draw in draws] == [*range(drawn)]
    assert [draw.seed for draw in draws] == [*range(5, 5 + drawn)]
    if drawn == 1:
        np.testing.assert_array_equal(draws[0].numbers, readable)


def test_a_count_of_all_has_the_interval_of_one_draw(run):
    evaluation = pictures([*range(10)] * 3)
    result = probed(
        run, pictures([*range(10)] * 3), evaluation, label_counts="3"
    )
    curve = result["curve"]
    assert {(point["draws"], point["interval"]) for point in curve} == {
        (1, "wilson")
    }
    assert all(point["low"] < point["high"] for point in curve)


def test_classes_are_matched_by_name(run):
    known = pictures([0, 1] * 20, ["ant", "bee"])
    test = pictures([1, 0] * 10, ["bee", "ant"])
    pixels = np.where(known.labels[:, None, None, None], 250, 20)
    known = dataclasses.replace(
        known, storage=InMemory(np.tile(pixels, (1, 8, 8, 3)).astype(np.uint8))
    )
    pixels = np.where(test.labels[:, None, None, None], 20, 250)
    test = dataclasses.replace(
        test, storage=InMemory(np.tile(pixels, (1, 8, 8, 3)).astype(np.uint8))
    )
    result = probed(run, known, test)
    means = {p["classifier"]: p["mean"] for p in result["curve"]}
    assert means["ridge"] == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_draws": 0}, "label_draws` must be at least 1. Received.*=0"),
        ({"label_counts": ""}, "label_counts` must name something"),
        ({"label_counts": "1,x"}, "or full. Received: 'x'"),
        ({"label_counts": "0"}, "or full. Received: '0'"),
        ({"label_counts": [1, 1.5]}, "or full. Received: '1.5'"),
        ({"label_counts": 3.0}, "label_counts` must be text"),
        ({"compare": ","}, "compare` must name something.*compare=','"),
        ({"probe_k": "0"}, "probe_k` must be whole numbers above 0"),
        ({"probe_temperatures": "0"}, "probe_temperatures` must be numbers"),
        ({"probe_endpoint": []}, "probe_endpoint` must name something"),
    ],
)
def test_options_that_cannot_be_read(options, message):
    with pytest.raises(ValueError, match=message):
        Config(mode="probe", **options)


def test_options_that_do_not_fit_the_data(run, resnet_run, tmp_path):
    train, test = digits()
    for options, message in [
        ({"label_counts": "500"}, "label_counts=500, where the class '.' has"),
        ({"label_counts": "0.001"}, "label_counts=0.001, where the class"),
        ({"label_counts": "1", "probe_k": "11"}, "10 at most.*probe_k=11"),
        ({"probe_endpoint": "nothing"}, "one of.*final_avg_pool.*'nothing'"),
        ({"compare": str(tmp_path / "none")}, "none"),
    ]:
        with pytest.raises(ValueError, match=message):
            probed(run, train, test, **options)
    with pytest.raises(ValueError, match="not maps.*'block_group4'"):
        probed(resnet_run, train, test, probe_endpoint="block_group4")
    with pytest.raises(ValueError, match="classes or more. Received: pictures"):
        probed(run, pictures([-1] * 10), test)
    with pytest.raises(ValueError, match="must have the same classes, by name"):
        probed(run, train, pictures([0, 1], ["ant", "bee"]))
    with pytest.raises(ValueError, match="judged by labels.*none in pictures"):
        probed(run, train, pictures([-1] * 10))
    with pytest.raises(ValueError, match="too few for that in pictures"):
        probed(run, pictures([0, 1], "ab"))
    with pytest.raises(ValueError, match="`probe_output` must say where"):
        simclrv2_tf.probe(train, None, test, checkpoint=str(run))
    assert not list(run.glob("probe.*"))


def test_a_checkpoint_and_an_output_will_do(run, tmp_path):
    out = tmp_path / "out"
    simclrv2_tf.probe(
        "digits",
        checkpoint=str(run),
        eval_split="test",
        label_counts="1",
        label_draws=1,
        probe_output=out,
    )
    protocol = json.loads((out / "probe.json").read_text())["protocol"]
    assert protocol["judged"] == "judged on digits (test)"
    assert protocol["examples"] == 360


def test_features_that_are_not_finite_are_named(run):
    network = small_classifier.classifier()
    kernel = network.backbone.model.layers[0].kernel
    kernel.assign(kernel * 1e38)
    small_classifier.save_run(network, run)
    with pytest.raises(
        ValueError, match="must be finite numbers.*in final_avg"
    ):
        probed(run)
    assert not list(run.glob("probe_features/*.npy"))


@pytest.mark.slow
def test_ridge_settings_are_written(run):
    result = probed(run)
    (point,) = [p for p in result["curve"] if p["family"] == "ridge"]
    assert point["l2"] == ridge.L2 and point["k"] is None


DRAWS = {"label_counts": "1,5,full", "label_draws": 2, "probe_k": [1]}


def kill_at_the_third_draw(monkeypatch):
    """Gives the draws that are measured; until it is undone."""
    fit, fitted = ridge.fit, []

    def fit_two(rows, *arguments):
        if len(fitted) == 2:
            raise KeyboardInterrupt
        fitted.append(len(rows))
        return fit(rows, *arguments)

    monkeypatch.setattr(ridge, "fit", fit_two)


def sizes_of_draws(monkeypatch):
    """Labels of each draw that is measured from now on."""
    fit, sizes = ridge.fit, []

    def note(rows, *arguments):
        sizes.append(len(rows))
        return fit(rows, *arguments)

    monkeypatch.setattr(ridge, "fit", note)
    return sizes


def test_a_killed_probe_goes_on_with_the_draws_that_are_missing(
    run, tmp_path, monkeypatch
):
    data = digits()
    names = ("probe.json", "probe.csv")
    probed(run, *data, **DRAWS)
    whole = [(run / name).read_bytes() for name in names]
    for name in names:
        (run / name).unlink()
    with monkeypatch.context() as patch:
        kill_at_the_third_draw(patch)
        with pytest.raises(KeyboardInterrupt):
            probed(run, *data, **DRAWS)
    (left,) = run.glob("probe_features/draws-*.json")
    sizes = sizes_of_draws(monkeypatch)
    probed(run, *data, **DRAWS)
    assert sizes == [50, 50, 200]
    assert [(run / name).read_bytes() for name in names] == whole
    assert not left.exists()


@pytest.mark.slow
@pytest.mark.parametrize("change", ["settings", "weights", "labels"])
def test_draws_of_another_probe_are_not_taken(run, monkeypatch, change):
    known, test = digits()
    with monkeypatch.context() as patch:
        kill_at_the_third_draw(patch)
        with pytest.raises(KeyboardInterrupt):
            probed(run, known, test, **DRAWS)
    options = dict(DRAWS)
    if change == "settings":
        options["label_seed"] = 3
    elif change == "weights":
        network = small_classifier.classifier()
        kernel = network.backbone.model.layers[0].kernel
        kernel.assign(kernel + 1)
        small_classifier.save_run(network, run)
    else:
        labels = known.labels.copy()
        labels[:2] = labels[1::-1]
        known = dataclasses.replace(known, labels=labels)
    sizes = sizes_of_draws(monkeypatch)
    probed(run, known, test, **options)
    assert sizes == [10, 10, 50, 50, 200]
    assert len(list(run.glob("probe_features/draws-*.json"))) == 1
