"""Copies TensorFlow's messages, without those that are below its log level.

TensorFlow heeds TF_CPP_MIN_LOG_LEVEL only once it is loaded. As a program,
`python notices.py LEVEL` gives what it says before that the same treatment.
It imports nothing of ours, as it starts anew each time.
"""

import re
import sys

_BANNER = "WARNING: All log messages before absl::InitializeLog() is called"
_MESSAGE = re.compile(r"([IWEF])\d{4} \S+ +\d+ [\w.]+:\d+\] (.*)")
# Logged as errors, though nothing is wrong: there is no GPU, or TensorFlow
# registers a part of itself twice. Other reasons why a GPU is not used are
# copied here if they are errors; `gpus` warns in any case.
_HARMLESS = re.compile(
    r"failed call to cuInit: .*(\(303\)|no CUDA-capable device|NO_DEVICE)"
    r"|computation placer already registered"
    r"|Unable to register cu\w+ factory"
)


def is_wanted(line: str, level: int) -> bool:
    """Whether a line is copied at a level of TF_CPP_MIN_LOG_LEVEL."""
    if line.startswith(_BANNER):
        return level < 1
    message = _MESSAGE.match(line)
    if message is None:
        return True
    harmless = level >= 2 and _HARMLESS.match(message[2])
    return "IWEF".index(message[1]) >= level and not harmless


def main() -> None:
    level = int(sys.argv[1])
    for line in sys.stdin.buffer:
        if is_wanted(line.decode(errors="replace"), level):
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()


if __name__ == "__main__":
    main()
