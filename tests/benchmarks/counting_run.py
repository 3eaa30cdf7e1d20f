"""A run without TensorFlow: counts, and stops as a run of ours does.

python -m tests.benchmarks.counting_run --to=N --model_dir=DIR [--fail=true]

With --beside=M it begins to count when M runs have started in its folder.
"""

import pathlib
import signal
import sys
import time

STEP = 0.02  # seconds
PATIENCE = 60.0  # seconds in which the runs beside it start


class Stop(Exception):
    pass


def stop(number, frame):
    raise Stop


def wait_for(root, runs):
    """Until so many have started, or have had the time to."""
    end = time.monotonic() + PATIENCE
    while len(list(root.glob("*/starts"))) < runs and time.monotonic() < end:
        time.sleep(STEP)


def main(words):
    flags = dict(word.lstrip("-").split("=") for word in words)
    if "fail" in flags:
        print("the last line")
        raise SystemExit(2)
    folder = pathlib.Path(flags["model_dir"])
    folder.mkdir(exist_ok=True)
    counted, starts = folder / "counted", folder / "starts"
    count = int(counted.read_text()) if counted.exists() else 0
    signal.signal(signal.SIGTERM, stop)
    try:
        with starts.open("a") as file:
            file.write(f"{count} ")
        wait_for(folder.parent, int(flags.get("beside", 1)))
        while count < int(flags["to"]):
            time.sleep(STEP)
            count += 1
    except Stop:
        raise SystemExit(42) from None
    finally:
        counted.write_text(str(count))


if __name__ == "__main__":
    main(sys.argv[1:])
