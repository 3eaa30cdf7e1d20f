"""The requests that a server replays as it loads a version."""

import os

import keras_networks
import pytest
import tensorflow as tf
from export_cases import SIZE

from simclrv2_tf.data.augment.crops import preprocess_for_eval
from simclrv2_tf.data.decode.rgb import decode_in_graph
from simclrv2_tf.export import warmup
from simclrv2_tf.export.labels import label_file
from simclrv2_tf.export.servable import make_servable
from simclrv2_tf.export.signatures import make_signatures
from simclrv2_tf.models.network import Network

prediction_log_pb2 = pytest.importorskip(
    "tensorflow_serving.apis.prediction_log_pb2",
    reason="needs tensorflow-serving-api",
)


def prepare(encoded):
    image = decode_in_graph(encoded)
    return preprocess_for_eval(image, keras_networks.SIDE)


@pytest.fixture(scope="module")
def signatures():
    """Those of a network that takes images of 16 by 16 pixels alone."""
    network = Network(**keras_networks.by_hand(), **keras_networks.HEADS)
    with label_file(network) as labels:
        servable = make_servable(network, prepare, labels)
        yield make_signatures(servable, network)


def requests(directory):
    """(signature, inputs) of each record."""
    path = os.path.join(directory, warmup.FOLDER, warmup.FILE)
    for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        if log.WhichOneof("log_type") == "classify_log":
            request = log.classify_log.request
            examples = request.input.example_list.examples
            inputs = {"inputs": [e.SerializeToString() for e in examples]}
        else:
            request = log.predict_log.request
            inputs = {n: tf.make_ndarray(v) for n, v in request.inputs.items()}
        yield request.model_spec.signature_name, inputs


@pytest.mark.slow
def test_a_network_of_one_size_answers_every_record(signatures, tmp_path):
    warmup.write_records(str(tmp_path), signatures, 3, keras_networks.SIDE)
    asked = dict(requests(tmp_path))
    assert set(asked) == set(signatures)
    for name, inputs in asked.items():
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        assert signatures[name](**tensors), name


def test_pixels_are_sent_at_the_networks_size(exported):
    asked = dict(requests(exported))
    for name in ("images", "images_uint8"):
        assert asked[name]["images"].shape == (1, SIZE, SIZE, 3)
