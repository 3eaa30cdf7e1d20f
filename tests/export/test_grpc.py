"""Stock clients and messages of TensorFlow Serving, against a servicer here.

The servicer stands for the server: it answers from the signatures of the
loaded SavedModel, as `tensorflow_model_server` does.
"""

import os
from concurrent import futures

import numpy as np
import pytest
import tensorflow as tf
from export_cases import NAMES
from export_cases import encode
from google.protobuf import descriptor_pb2
from google.protobuf import descriptor_pool
from google.protobuf import message_factory
from google.protobuf import text_format
from google.protobuf import unknown_fields

grpc = pytest.importorskip("grpc")
pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")

from tensorflow_serving.apis import classification_pb2  # noqa: E402
from tensorflow_serving.apis import predict_pb2  # noqa: E402
from tensorflow_serving.apis import prediction_log_pb2  # noqa: E402
from tensorflow_serving.apis import prediction_service_pb2_grpc  # noqa: E402
from tensorflow_serving.config import model_server_config_pb2  # noqa: E402


class Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, model):
        self.model = model

    def _ask(self, spec, context, **inputs):
        name = spec.signature_name or "serving_default"
        try:
            return self.model.signatures[name](**inputs)
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)

    def Predict(self, request, context):
        inputs = {
            name: tf.constant(tf.make_ndarray(value))
            for name, value in request.inputs.items()
        }
        answer = self._ask(request.model_spec, context, **inputs)
        response = predict_pb2.PredictResponse()
        for name, value in answer.items():
            proto = tf.make_tensor_proto(value.numpy())
            response.outputs[name].CopyFrom(proto)
        return response

    def Classify(self, request, context):
        examples = request.input.example_list.examples
        data = [example.SerializeToString() for example in examples]
        answer = self._ask(
            request.model_spec, context, inputs=tf.constant(data)
        )
        response = classification_pb2.ClassificationResponse()
        rows = zip(
            answer["classes"].numpy(), answer["scores"].numpy(), strict=True
        )
        for labels, scores in rows:
            classes = response.result.classifications.add().classes
            for label, score in zip(labels, scores, strict=True):
                classes.add(label=label.decode(), score=score)
        return response


@pytest.fixture(scope="module")
def stub(loaded):
    server = grpc.server(futures.ThreadPoolExecutor(2))
    add = prediction_service_pb2_grpc
    add.add_PredictionServiceServicer_to_server(Servicer(loaded), server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    with grpc.insecure_channel(f"localhost:{port}") as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)
    server.stop(None).wait()


def predict(stub, data, signature=""):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "simclrv2"
    request.model_spec.signature_name = signature
    request.inputs["encoded"].CopyFrom(tf.make_tensor_proto(data))
    outputs = stub.Predict(request, timeout=60).outputs
    return {name: tf.make_ndarray(value) for name, value in outputs.items()}


def test_predict(stub, loaded):
    data = [encode("JPEG", seed=s) for s in range(3)]
    answer = predict(stub, data)
    expected = loaded.signatures["serving_default"](encoded=tf.constant(data))
    for name in ("probabilities", "scores"):
        np.testing.assert_allclose(answer[name], expected[name], atol=1e-6)
    assert {n.decode() for n in np.ravel(answer["classes"])} <= set(NAMES)
    assert predict(stub, data, "embed")["final_avg_pool"].shape == (3, 32)


def test_a_bad_image_fails_and_the_server_goes_on(stub):
    with pytest.raises(grpc.RpcError) as error:
        predict(stub, [b"no image"])
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "Expected an image as JPEG" in error.value.details()
    assert predict(stub, [encode()])["scores"].shape == (1, 5)


def warmup_logs(exported):
    path = os.path.join(exported, "assets.extra", "tf_serving_warmup_requests")
    for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
        yield prediction_log_pb2.PredictionLog.FromString(record)


def test_every_warmup_record_is_answered(stub, exported):
    asked = set()
    for log in warmup_logs(exported):
        kind = log.WhichOneof("log_type")
        if kind == "classify_log":
            request = log.classify_log.request
            result = stub.Classify(request, timeout=60).result
            assert len(result.classifications) == 1
            assert result.classifications[0].classes[0].label in NAMES
        else:
            assert kind == "predict_log"
            request = log.predict_log.request
            assert stub.Predict(request, timeout=60).outputs
        assert request.model_spec.name == "simclrv2"
        assert not len(unknown_fields.UnknownFieldSet(request))
        asked.add(request.model_spec.signature_name)
    assert asked == {
        "serving_default",
        "images",
        "images_uint8",
        "embed",
        "classify",
    }


def test_the_method_of_classify_is_the_servers(exported):
    from tensorflow.core.protobuf import saved_model_pb2

    with open(os.path.join(exported, "saved_model.pb"), "rb") as file:
        model = saved_model_pb2.SavedModel.FromString(file.read())
    (graph,) = model.meta_graphs
    assert list(graph.meta_info_def.tags) == ["serve"]
    methods = {k: s.method_name for k, s in graph.signature_def.items()}
    assert methods["classify"] == "tensorflow/serving/classify"
    assert methods["serving_default"] == "tensorflow/serving/predict"


def test_models_config_names_the_versions(exported):
    directory = os.path.dirname(exported)
    with open(os.path.join(directory, "models.config")) as file:
        config = text_format.Parse(
            file.read(), model_server_config_pb2.ModelServerConfig()
        )
    (model,) = config.model_config_list.config
    assert (model.name, model.model_platform) == ("simclrv2", "tensorflow")
    assert model.base_path == os.path.abspath(directory)
    assert model.model_version_policy.latest.num_versions == 1


def batching_message():
    """BatchingParameters of session_bundle_config.proto, the fields of use.

    That file is not in tensorflow-serving-api.
    """
    file = descriptor_pb2.FileDescriptorProto(name="b.proto", package="b")
    file.syntax = "proto3"
    wrapper = file.message_type.add(name="Int64Value")
    wrapper.field.add(name="value", number=1, type=3, label=1)
    message = file.message_type.add(name="BatchingParameters")
    for number, name in enumerate(
        (
            "max_batch_size",
            "batch_timeout_micros",
            "max_enqueued_batches",
            "num_batch_threads",
        ),
        start=1,
    ):
        field = message.field.add(name=name, number=number, type=11, label=1)
        field.type_name = ".b.Int64Value"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName("b.BatchingParameters")
    return message_factory.GetMessageClass(found)()


def test_batching_parameters_are_those_of_the_server(exported):
    path = os.path.join(os.path.dirname(exported), "batching_parameters.txt")
    with open(path) as file:
        parameters = text_format.Parse(file.read(), batching_message())
    assert parameters.max_batch_size.value >= 1
    assert parameters.num_batch_threads.value >= 1
    assert parameters.batch_timeout_micros.value > 0


def test_config_files_of_users_are_left_alone(tmp_path):
    from simclrv2_tf.export import serving_config

    (tmp_path / "models.config").write_text("mine")
    serving_config.write(str(tmp_path))
    assert (tmp_path / "models.config").read_text() == "mine"
    assert (tmp_path / "batching_parameters.txt").exists()
