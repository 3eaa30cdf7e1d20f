#!/usr/bin/env python3
"""Converts weights between formats; see `simclrv2_tf.hub.convert`."""

import argparse
import math
import sys

# Arguments of a network that weights do not tell.
OF_THE_NETWORK = (
    "ft_proj_selector",
    "proj_head_mode",
    "input_mean",
    "input_std",
)
EXAMPLES = """examples:
  convert_checkpoint.py r50_1x_sk1/ r50_1x_sk1.safetensors --check
  convert_checkpoint.py simclrv2/pretrained/r50_1x_sk0 r50.keras
  convert_checkpoint.py run/ for_tf1/model.ckpt-0
  convert_checkpoint.py encoder.pth for_tf2/ckpt-0 --ignore 'projector'
  convert_checkpoint.py bolts.pth b.keras --input_mean=0,0,0 --input_std=1,1,1
  convert_checkpoint.py --published
"""


def parse(arguments):
    parser = argparse.ArgumentParser(
        description="Converts weights between formats.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", help="weights of any kind")
    parser.add_argument("target", nargs="?", help="file or prefix to write")
    parser.add_argument(
        "--format",
        choices=("keras", "weights.h5", "tf1", "tf2", "safetensors", "pth"),
        help="unless the target's name tells it",
    )
    parser.add_argument(
        "--ema", action="store_true", help="the momentum weights of a TF1 file"
    )
    parser.add_argument("--ignore", help="tensors to pass over, a pattern")
    parser.add_argument(
        "--ft_proj_selector",
        type=int,
        help="projection layer that the supervised head reads",
    )
    parser.add_argument(
        "--proj_head_mode",
        choices=("linear", "nonlinear"),
        help="what to call a projection head of one layer",
    )
    parser.add_argument(
        "--input_mean",
        help="what the weights expect taken from each channel of images in "
        "[0, 1], such as 0.485,0.456,0.406",
    )
    parser.add_argument(
        "--input_std",
        help="what each channel is then divided by, such as 0.229,0.224,0.225",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare the endpoints of both sides; fails above 1e-4",
    )
    parser.add_argument(
        "--size", type=int, help="side of the images for --check, in pixels"
    )
    parser.add_argument(
        "--published", action="store_true", help="list the published models"
    )
    parsed = parser.parse_args(arguments)
    if not parsed.published and parsed.target is None:
        parser.error("give SOURCE and TARGET, or --published")
    return parsed


def main(arguments=None):
    parsed = parse(arguments)
    from simclrv2_tf import hub
    from simclrv2_tf.console import quiet_start

    quiet_start.set_up_logging()

    if parsed.published:
        print(hub.table())
        return 0
    quiet_start.load_tensorflow()
    loading = {"ema": parsed.ema, "ignore": parsed.ignore}
    for name in OF_THE_NETWORK:
        if getattr(parsed, name) is not None:
            loading[name] = getattr(parsed, name)
    try:
        form = hub.convert(
            parsed.source, parsed.target, parsed.format, **loading
        )
        print(f"wrote {parsed.target} ({form})")
        return check(hub, parsed, loading) if parsed.check else 0
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def check(hub, parsed, loading):
    size = {"size": parsed.size} if parsed.size else {}
    errors = hub.compare(parsed.source, parsed.target, **size, **loading)
    for name, error in errors.items():
        print(f"  {name:20} {error:.2e}")
    values = errors.values()
    worst = max(values) if all(map(math.isfinite, values)) else math.nan
    good = worst <= hub.TOLERANCE
    print(f"{'same' if good else 'DIFFERENT'}: at most {worst:.2e} relative")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
