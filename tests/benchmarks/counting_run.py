"""A run without TensorFlow: counts, and stops as a run of ours does.

python -m tests.benchmarks.counting_run --to=N --model_dir=DIR [--fail=true]
"""

import pathlib
import signal
import sys
import time

STEP = 0.02  # seconds


class Stop(Exception):
    pass


def stop(number, frame):
    raise Stop


def main(words):
    flags = dict(word.lstrip("-").split("=") for word in words)
    if "fail" in flags:
        print("the last line")
        raise SystemExit(2)
    folder = pathlib.Path(flags["model_dir"])
    folder.mkdir(exist_ok=True)
    counted, starts = folder / "counted", folder / "starts"
    count = int(counted.read_text()) if counted.exists() else 0
    with starts.open("a") as file:
        file.write(f"{count} ")
    signal.signal(signal.SIGTERM, stop)
    try:
        while count < int(flags["to"]):
            time.sleep(STEP)
            count += 1
    except Stop:
        raise SystemExit(42) from None
    finally:
        counted.write_text(str(count))


if __name__ == "__main__":
    main(sys.argv[1:])
