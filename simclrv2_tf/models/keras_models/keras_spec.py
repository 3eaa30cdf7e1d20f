"""Any Keras network as one text: which it is, and how it is made again.

`keras:MobileNetV3Small(alpha=0.5)` is a constructor of `keras.applications`,
`keras_hub:resnet_18_imagenet` a preset of KerasHub, `FILE.keras` a saved
model; and the JSON of a model (`keras.Model.to_json`) is one too. The first
and the last need nothing else to be made again, so that those are what runs
and files keep.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import inspect
from collections.abc import Callable
from collections.abc import Collection

import keras

from simclrv2_tf.files.layer_names import model_name

KERAS, KERAS_HUB, FILE, JSON = "keras:", "keras_hub:", ".keras", "{"
FORMS = (
    "keras:NAME or keras:NAME(argument=value, …) of keras.applications, "
    "keras_hub:PRESET, or FILE.keras"
)
# Arguments of constructors that follow from where the network stands.
SETTLED = {
    "classes": "comes from the data",
    "classifier_activation": "belongs to the head, which is ours",
    "include_preprocessing": "stays: images in [0, 1] are scaled for it",
    "include_top": "belongs to the head, which is ours",
    "input_shape": "comes from --image_size and --channels",
    "input_tensor": "comes from --image_size and --channels",
    "pooling": "is the mean over the last feature map",
    "weights": "come from --backbone_weights",
}
OF_CLASSIFIERS = ("classes", "classifier_activation", "weights")


@dataclasses.dataclass(frozen=True)
class Spec:
    """A specification, taken apart.

    Attributes:
      kind: `KERAS`, `KERAS_HUB`, `FILE` or `JSON`.
      name: A constructor, a preset, a path, or the JSON itself.
      arguments: Those of the constructor.
    """

    kind: str
    name: str
    arguments: dict = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        if self.kind != KERAS:
            return (
                self.name if self.kind != KERAS_HUB else KERAS_HUB + self.name
            )
        pairs = [f"{n}={v!r}" for n, v in sorted(self.arguments.items())]
        return KERAS + self.name + (f"({', '.join(pairs)})" if pairs else "")


def is_spec(text: str) -> bool:
    """Whether a text names a Keras network, and not a run or a file."""
    return text.startswith((KERAS, KERAS_HUB, JSON)) or text.endswith(FILE)


def parse(text: str) -> Spec:
    """Takes a specification apart; nothing is looked up.

    Args:
      text: See the head of this file.

    Returns:
      A `Spec`.

    Raises:
      ValueError: If it is none.
    """
    if text.startswith(JSON):
        return Spec(JSON, text)
    if text.startswith(KERAS_HUB) and text != KERAS_HUB:
        return Spec(KERAS_HUB, text.removeprefix(KERAS_HUB))
    if text.startswith(KERAS):
        return _parse_call(text)
    if text.endswith(FILE):
        return Spec(FILE, text)
    raise ValueError(f"Expected a network as {FORMS}. Received: {text!r}")


def _parse_call(text):
    try:
        node = ast.parse(text.removeprefix(KERAS).strip(), mode="eval").body
        call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
        named = {word.arg: word.value for word in call.keywords}
        if call.args or None in named or not isinstance(call.func, ast.Name):
            raise ValueError
        values = {n: ast.literal_eval(value) for n, value in named.items()}
    except (SyntaxError, ValueError):
        raise ValueError(
            "Expected keras:NAME or keras:NAME(argument=value, …), the values "
            "numbers, texts, True, False, None or tuples of them. Received: "
            f"{text!r}"
        ) from None
    return Spec(KERAS, call.func.id, values)


def short(text: str) -> str:
    """A specification for messages: of JSON the name of the model alone."""
    spec = parse(text)
    if spec.kind != JSON:
        return str(spec)
    return model_name(text)


def constructor(
    spec: Spec, settled: Collection[str] = tuple(SETTLED)
) -> Callable[..., keras.Model]:
    """The function of `keras.applications` that a `keras:` names.

    Args:
      spec: A `Spec`.
      settled: Names of arguments that it may not have.

    Raises:
      ValueError: If there is none, or it has no such argument.
    """
    known = [n for n in dir(keras.applications) if n[0].isupper()]
    if spec.name not in known:
        near = difflib.get_close_matches(spec.name, known, 3, 0.5)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else (f"there are {', '.join(known)}.")
        )
        raise ValueError(
            f"keras.applications has no {spec.name!r}: {hint} Received: "
            f"{str(spec)!r}"
        )
    function = getattr(keras.applications, spec.name)
    _check_arguments(spec, function, settled)
    return function


def _check_arguments(spec, function, settled):
    known = set(inspect.signature(function).parameters) - set(settled)
    for name in spec.arguments:
        if name in settled:
            raise ValueError(
                f"`{name}` of {spec.name} {SETTLED[name]}: leave it out. "
                f"Received: {str(spec)!r}"
            )
        if name not in known:
            raise ValueError(
                f"{spec.name} has no argument {name!r}: expected some of "
                f"{', '.join(sorted(known))}. Received: {str(spec)!r}"
            )
