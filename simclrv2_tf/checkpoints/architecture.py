"""Which network a set of weights belongs to, told by names and shapes."""

import re

# (bottleneck?, blocks in all four groups) -> depth
_DEPTHS = {
    (False, 8): 18,
    (False, 16): 34,
    (True, 16): 50,
    (True, 33): 101,
    (True, 50): 152,
    (True, 66): 200,
}
_SHORTCUTS = 4  # one projection opens each group
_NAMED = ("resnet_depth", "width_multiplier", "sk_ratio", "se_ratio")


def infer(shapes):
    """The arguments of `Network` that weights tell.

    What shapes cannot tell is left out: the selector, and image sizes beyond
    small (32) and not small (224).

    Args:
      shapes: {canonical name: shape}.

    Returns:
      Dictionary of arguments of `Network`.

    Raises:
      ValueError: If the weights belong to no network of this package.
    """
    convs = _numbered(shapes)
    if not convs or "base_model/conv2d/kernel" not in shapes:
        raise ValueError(
            "The checkpoint holds no backbone: expected variables such as "
            "base_model/conv2d/kernel."
        )
    return {
        **_backbone(convs, _biases(shapes)),
        **_projection(shapes),
        "num_classes": _num_classes(shapes),
    }


def describe(arguments):
    """A short name such as r152_1x_sk0."""
    width = f"{arguments.get('width_multiplier', 1):g}"
    sk = 1 if arguments.get("sk_ratio") else 0
    se = "_se" if arguments.get("se_ratio") else ""
    return f"r{arguments.get('resnet_depth')}_{width}x_sk{sk}{se}"


def check(inferred, wanted):
    """Compares a checkpoint's architecture with what was asked for.

    Raises:
      ValueError: One sentence that names both.
    """
    differing = [
        key
        for key in _NAMED
        if key in wanted and wanted[key] != inferred.get(key, wanted[key])
    ]
    small = [a.get("image_size", 224) <= 32 for a in (inferred, wanted)]
    if "image_size" in wanted and small[0] != small[1]:
        differing.append("image_size")
    if differing:
        asked = ", ".join(f"{key}={wanted[key]}" for key in differing)
        has = ", ".join(f"{key}={inferred.get(key)}" for key in differing)
        raise ValueError(
            f"The checkpoint is {describe(inferred)} ({has}), while the flags "
            f"say {asked}: give the checkpoint's architecture, or another "
            "checkpoint."
        )


def _numbered(shapes):
    """Shapes of the backbone's kernels in the order of creation."""
    found = {}
    for name, shape in shapes.items():
        match = re.fullmatch(r"base_model/conv2d(?:_(\d+))?/kernel", name)
        if match:
            found[int(match[1] or 0)] = tuple(shape)
    return [found[number] for number in sorted(found)]


def _biases(shapes):
    """Convolutions with a bias, which are those of squeeze-and-excite."""
    pattern = re.compile(r"base_model/conv2d(_\d+)?/bias")
    return sorted(tuple(s) for n, s in shapes.items() if pattern.fullmatch(n))


def _backbone(convs, biases):
    """The backbone; its first 1×1 kernel is the first group's shortcut."""
    stem = next((i for i, s in enumerate(convs) if s[0] == 1), None)
    if stem not in (1, 3) or len(convs) < stem + 4:
        raise ValueError(_no_resnet(convs))
    base = convs[stem - 1][3]
    block = convs[stem + 1 :]  # behind the shortcut
    bottleneck = block[0][0] == 1
    sk = bottleneck and block[1][3] == 2 * block[0][3]
    per_block = (3 if bottleneck else 2) + 2 * sk + 2 * bool(biases)
    blocks = (len(convs) - stem - _SHORTCUTS) / per_block
    if (bottleneck, blocks) not in _DEPTHS:
        raise ValueError(_no_resnet(convs))
    width = base / 64
    return {
        "resnet_depth": _DEPTHS[bottleneck, blocks],
        "width_multiplier": int(width) if width.is_integer() else width,
        "sk_ratio": _sk_ratio(convs, base, sk, stem),
        "se_ratio": _se_ratio(convs, base, biases),
        "image_size": 32 if stem == 1 and convs[0][0] == 3 else 224,
    }


def _sk_ratio(convs, base, sk, stem):
    """From the bottleneck of the last group; 0.0625 where none tells."""
    if not sk:
        return 0.0625 if stem == 3 else 0.0
    filters = _last_filters(base)
    streams = max(i for i, s in enumerate(convs) if s[3] == 2 * filters)
    return convs[streams][2] / filters  # the mixing convolution's input


def _last_filters(base):
    """Width of the blocks of the last group."""
    return 8 * base


def _se_ratio(convs, base, biases):
    """From the reducing convolution of the last group."""
    if not biases:
        return 0.0
    last = convs[-2]  # (1, 1, channels, reduced)
    return last[3] / _last_filters(base)


def _projection(shapes):
    layers = {}
    for name, shape in shapes.items():
        match = re.fullmatch(r"head_contrastive/(n?l)_(\d+)/dense/kernel", name)
        if match:
            layers[int(match[2])] = (match[1], tuple(shape))
    if not layers:
        return {"proj_head_mode": "none"}
    kind, shape = layers[max(layers)]
    mode = "linear" if kind == "l" else "nonlinear"
    told = {"proj_head_mode": mode, "proj_out_dim": shape[1]}
    return (
        told if mode == "linear" else {**told, "num_proj_layers": len(layers)}
    )


def _num_classes(shapes):
    kernel = shapes.get("head_supervised/linear_layer/dense/kernel")
    return int(kernel[1]) if kernel is not None else 0


def _no_resnet(convs):
    return (
        f"The checkpoint's {len(convs)} convolutions belong to no ResNet of "
        "depth 18, 34, 50, 101, 152 or 200."
    )
