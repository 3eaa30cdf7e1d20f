#!/usr/bin/env python3
"""Prepares a data set once for fast training: shuffled TFDS shards of JPEGs.

    tools/prepare_dataset.py folder:PATH prepared/photos
    tools/prepare_dataset.py 'tar:shards/*.tar' prepared/web --short_side=224
    tools/prepare_dataset.py csv:table.csv prepared/table \\
        --splits='train=train[:90%],validation=train[90%:]'

Then train with --dataset=prepared/photos, or read it with TFDS. The same
command goes on where a run was killed.
"""

import argparse
import sys


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", help="a data set, as for simclrv2 --dataset")
    parser.add_argument("target", help="the directory to write")
    for name, kind, default, text in (
        ("splits", str, None, "NAME or NAME=SPLIT, commas between; all"),
        ("short_side", int, 256, "pixels; never enlarged; 0 leaves sizes"),
        ("quality", int, 95, "of JPEG, 1 to 100"),
        ("image_format", str, "jpeg", "jpeg or png"),
        ("channels", int, None, "1 for grey or 3 for RGB; as they are"),
        ("seed", int, 0, "of the order of the images, 0 or more"),
        ("processes", int, None, "how many; as many as there are cores"),
        ("data_dir", str, None, "directory of TFDS data"),
        ("image_feature", str, None, "what holds the images"),
        ("label_feature", str, None, "what holds the labels"),
        ("label_map", str, None, "file of label,class lines"),
        ("folder_classes", str, "top", "folders that are classes, or leaf"),
        (
            "max_corrupt_fraction",
            float,
            0.01,
            "share of a split's images that may be unreadable and left out; "
            "more stop it",
        ),
        ("beam_runner", str, None, "run on Apache Beam, such as DirectRunner"),
        ("beam_options", str, "", "flags of the Beam pipeline, commas between"),
    ):
        shown = "" if default in (None, "") else f" ({default})"
        parser.add_argument(
            f"--{name}", type=kind, default=default, help=text + shown
        )
    parser.add_argument(
        "--apply_orientation",
        action="store_true",
        help="turn images as their EXIF tags say, which stay otherwise",
    )
    parser.add_argument(
        "--download",
        action="store_true",
        help="let TFDS download and prepare what is missing",
    )
    return parser.parse_args(arguments)


def main(arguments=None):
    parsed = parse(arguments)
    from simclrv2_tf.console import quiet_start

    quiet_start.set_up_logging(verbosity=-1)
    quiet_start.load_tensorflow()
    from simclrv2_tf.data.prepare import command
    from simclrv2_tf.files.errors import in_words
    from simclrv2_tf.files.errors import of_tensorflow

    try:
        report = command.run(**vars(parsed))
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except of_tensorflow() as error:
        print(f"error: {in_words(error)}", file=sys.stderr)
        return 1
    print("\n".join(command.lines(report, parsed.target)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
