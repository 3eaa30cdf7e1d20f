"""What a run is, how far, how healthy: read from its directory in no time.

Nothing is imported for it that takes long, TensorFlow least of all.
"""

from __future__ import annotations

import math
import os

from simclrv2_tf.console.units import clock
from simclrv2_tf.files.given_directory import check_model_dir
from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.files.layer_names import model_name
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.run_files import ENVIRONMENT
from simclrv2_tf.files.run_files import FLAGS
from simclrv2_tf.files.run_files import checkpoint_name
from simclrv2_tf.files.run_files import checkpoint_steps
from simclrv2_tf.runs import journal

_NETWORK = ("resnet_depth", "width_multiplier", "sk_ratio", "image_size")


def describe(directory: str | None) -> str:
    """A run's status, several lines of text.

    Args:
      directory: Of the run, local.

    Raises:
      ValueError: If there is no run.
    """
    directory = check_model_dir(directory, "run")
    if is_remote(directory):
        raise ValueError(
            "The status is read from local directories. Received: "
            f"model_dir={directory!r}; copy its flags.json and events.jsonl."
        )
    flags = read_dictionary(os.path.join(directory, FLAGS))
    if not flags:
        raise ValueError(_no_run(directory))
    events = journal.read(directory)
    parts = {
        "run": _run(directory, flags),
        "with": _environment(directory),
        "state": _state(directory, events),
        "progress": _progress(events),
        "metrics": _metrics(events),
        "health": _health(events),
        "checkpoints": _checkpoints(directory, events),
        "result": _result(directory),
    }
    lines = [f"{name:<12}{text}" for name, text in parts.items() if text]
    return "\n".join(lines + _warnings(events))


def _no_run(directory):
    """The error where there are no flags of a run."""
    if os.path.isdir(directory) and not os.listdir(directory):
        return (
            f"`model_dir` {directory!r} is empty, there is nothing yet: a job "
            "that is still planned has no files. Ask again when it trains."
        )
    return (
        f"`model_dir` {directory!r} holds no run: expected a directory with "
        "flags.json, which training writes."
    )


def _run(directory, flags):
    shape = "  ".join(f"{n}={flags[n]}" for n in _NETWORK if n in flags)
    if flags.get("backbone"):
        backbone = model_name(flags["backbone"])
        shape = f"{backbone}  image_size={flags.get('image_size')}"
    return (
        f"{directory}: {flags.get('train_mode')} on {flags.get('dataset')}, "
        f"seed {flags.get('seed')}  ({shape})"
    )


def _environment(directory):
    values = read_dictionary(os.path.join(directory, ENVIRONMENT))
    versions, hardware = (_part(values, n) for n in ("versions", "hardware"))
    if not versions:
        return ""
    devices = hardware.get("accelerators") or [hardware.get("processor")]
    revision = str(values.get("revision") or "no git revision")[:12]
    return (
        f"simclrv2_tf {versions.get('simclrv2_tf')} ({revision}), TensorFlow "
        f"{versions.get('tensorflow')}, {', '.join(map(str, devices))}"
    )


def _part(values, name):
    part = values.get(name)
    return part if isinstance(part, dict) else {}


def _state(directory, events):
    holder = _holder(os.path.join(directory, "lock"))
    if holder:
        return holder
    last = journal.last_of_state(events)
    if last is None:
        return "nothing is known: no events.jsonl"
    at = f"at step {last.get('step')}, {last.get('time')}"
    if last["event"] == "trained" and last.get("reason"):
        return f"trained to an early end, by {last['reason']} ({at})"
    if last["event"] == "trained":
        return f"trained to its end ({at})"
    if last["event"] == "stop" and last.get("kind") == "Preempted":
        return f"asked to stop {at}; the same command goes on"
    if last["event"] == "stop":
        return f"stopped {at}: {last.get('kind')}: {last.get('reason')}"
    return "killed or crashed; the same command goes on"


def _holder(path):
    """Who trains in the directory now; "" if nobody does."""
    if not os.path.exists(path):
        return ""
    lock = read_dictionary(path)
    who = f"process {lock.get('pid', '?')} on {lock.get('host', '?')}"
    try:
        import fcntl

        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return f"training, {who} since {lock.get('since', '?')}"
    except (ImportError, OSError):
        return f"perhaps training: {who} has not left its lock"
    if lock.get("host") == os.uname().nodename:
        return ""
    return f"perhaps training: {who} has not left its lock"


def _last(events, kind):
    return next((e for e in reversed(events) if e["event"] == kind), {})


def _progress(events):
    last = _last(events, "train")
    step, steps = (_number(last, name) for name in ("step", "last_step"))
    if not steps or step is None:
        return ""
    share = math.floor(100 * step / steps)  # 100 % is the last step alone
    text = f"step {step:,} of {steps:,} ({share}%)"
    speed = _number(last, "images_per_second")
    if speed:
        text += f", {speed:.0f} images/s"
    left = _number(last, "seconds_left")
    if left and math.isfinite(left):
        text += f", {clock(left)} left"
    wait = _number(last, "data_wait_share")
    if wait is not None:
        text += f", {wait:.0%} of the time waiting for data"
    return f"{text}; reported {last.get('time')}"


def _metrics(events):
    return _numbers(_part(_last(events, "train"), "metrics"))


def _health(events):
    return _numbers(_part(_last(events, "health"), "numbers"))


def _numbers(values):
    names = {n: v for n, v in values.items() if _is_number(v)}
    return "  ".join(
        f"{n.removeprefix('train/')} {_shown(v)}" for n, v in names.items()
    )


def _shown(value):
    """Counts whole, other numbers in four digits."""
    is_whole = isinstance(value, int) or value.is_integer()
    return f"{int(value):,}" if is_whole else f"{value:.4g}"


def _number(values, name):
    value = values.get(name)
    return value if _is_number(value) else None


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _warnings(events):
    health = _last(events, "health")
    warnings = health.get("warnings")
    warnings = warnings if isinstance(warnings, list) else []
    restarts = sum(event["event"] == "start" for event in events) - 1
    lines = [f"warning     {sentence}" for sentence in warnings]
    if restarts > 0:
        lines.append(f"{'restarts':<12}{restarts} in the log's last part")
    return lines


def _checkpoints(directory, events):
    steps = checkpoint_steps(os.listdir(directory))
    if not steps:
        return "none yet"
    text = f"{checkpoint_name(steps[-1])} is the newest of {len(steps)}"
    written = _last(events, "checkpoint")
    if written.get("step") == steps[-1]:
        text += f", written {written.get('time')}"
    return text


def _result(directory):
    result = read_dictionary(os.path.join(directory, "result.json"))
    return _numbers(result)
