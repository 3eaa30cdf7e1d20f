#!/usr/bin/env python3
"""Writes a picture of images and views of them, for any source and flags.

    tools/preview_augmentations.py views.png --dataset=folder:PATH \\
        --image_size=96 --color_jitter_strength=0.5
"""

import argparse
import sys


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="All flags of simclrv2 work; see simclrv2 --help.",
    )
    parser.add_argument("picture", help="the PNG to write")
    parser.add_argument(
        "--images", type=int, default=6, help="rows of the picture"
    )
    parser.add_argument(
        "--views", type=int, default=6, help="views of each image"
    )
    return parser.parse_known_args(arguments)


def main(arguments=None):
    parsed, rest = parse(arguments)
    from simclrv2_tf.console import quiet_start

    quiet_start.set_up_logging(verbosity=-1)
    quiet_start.load_tensorflow()
    from simclrv2_tf import flags
    from simclrv2_tf.files import errors
    from simclrv2_tf.inference import inspection

    try:
        config = flags.parse(["preview_augmentations", *rest])
        inspection.preview(
            config, parsed.picture, max(1, parsed.images), max(1, parsed.views)
        )
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except errors.of_tensorflow() as error:
        print(f"error: {errors.in_words(error)}", file=sys.stderr)
        return 1
    print(f"wrote {parsed.picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
