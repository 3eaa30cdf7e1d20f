"""What a job or a run is: data, network, recipe, machine, command."""

from __future__ import annotations

import glob
import os
import shlex

from simclrv2_tf.config import Config
from simclrv2_tf.config.field_values import as_flag
from simclrv2_tf.console.units import duration
from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.files.json_files import read_checked
from simclrv2_tf.files.run_files import FLAGFILE
from simclrv2_tf.files.run_files import VERSIONS
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.job_recipe import is_void
from simclrv2_tf.reports.history import RunHistory
from simclrv2_tf.reports.history import read_flags
from simclrv2_tf.runs import journal

_IN_PYTHON = "# beside --dataset: the images were given in Python\n"
_TIMED = "benchmark.json"  # beside an exported version
_OF_WEIGHTS = ("checkpoint", "trained")  # events at a step of weights
_OF_STAGES = "stage_options"  # flags of single stages, written as one


def facts(directory: str, stages: list[RunHistory]) -> list[tuple[str, str]]:
    """(name, value) of the facts at the top of the page."""
    values = {
        "Data": _data(directory, stages),
        "Labels": _labels(stages),
        "Time": _time(directory, stages),
        "Memory": _memory(directory),
        "Machine": _machine(stages[-1].environment),
        "Versions": _versions(stages[-1].environment),
        "Seed": f"{stages[-1].flags.get('seed', '')}",
    }
    return [(name, value) for name, value in values.items() if value]


def data_name(directory: str, stages: list[RunHistory]) -> str:
    """What the data are called, with their place on a machine."""
    name = _about_data(directory, stages).get("name")
    return f"{name or stages[0].flags.get('dataset')}"


def dataset(directory: str, stages: list[RunHistory]) -> str:
    """The data as a flag named them; what Python gave has its own name."""
    if from_python(directory, stages):
        return data_name(directory, stages)
    return f"{stages[0].flags.get('dataset')}"


def from_python(directory: str, stages: list[RunHistory]) -> bool:
    """Whether the images came as a `Source`, while no flag named any."""
    flag = stages[0].flags.get("dataset")
    name = _about_data(directory, stages).get("name")
    usual = Config.__dataclass_fields__["dataset"].default
    return bool(name) and flag == usual and not name.startswith(usual)


def _about_data(directory, stages):
    about = record.read_json(directory, record.JOB).get("data")
    return about or stages[0].environment.get("data", {})


def _data(directory, stages):
    about = _about_data(directory, stages)
    classes = stages[-1].flags.get("num_classes")
    parts = [data_name(directory, stages)]
    if about.get("examples"):
        parts.append(f"{about['examples']:,} images to train on")
    if classes:
        parts.append(f"{classes} classes")
    return ", ".join(parts)


def _labels(stages):
    """The number of labels, which is that of fine-tuning's images."""
    tuned = [s for s in stages if s.flags.get("train_mode") == "finetune"]
    count = (
        tuned[-1].environment.get("data", {}).get("examples") if tuned else 0
    )
    if not count:
        return ""
    per_class = tuned[-1].flags.get("labels_per_class")
    fraction = tuned[-1].flags.get("label_fraction", 1.0)
    if per_class:
        return f"{count:,}, {per_class} of each class"
    return f"{count:,}" + (f", {fraction:.3g} of all" if fraction < 1 else "")


def _time(directory, stages):
    report = record.read_json(directory, record.REPORT)
    seconds = report.get("seconds") or sum(
        journal.seconds(stage.events) for stage in stages
    )
    taken = duration(seconds)
    planned = report.get("planned_seconds")
    return f"{taken}, planned {duration(planned)}" if planned else taken


def _memory(directory):
    """The memory that a job took, "" for a run or an earlier version's job."""
    report = record.read_json(directory, record.REPORT)
    if not report.get("memory"):
        return ""
    planned = report.get("planned_memory")
    used = gigabytes(report["memory"])
    return f"{used}, planned {gigabytes(planned)}" if planned else used


def _machine(environment):
    hardware = environment.get("hardware", {})
    if not hardware:
        return ""
    devices = hardware.get("accelerators") or [hardware.get("processor")]
    words = f"{', '.join(map(str, devices))}, {hardware.get('cores')} cores"
    memory = hardware.get("memory_gib")
    known = isinstance(memory, (int, float))  # not of every system
    return f"{words}, {gigabytes(memory * 2**30)}" if known else words


def _versions(environment):
    versions = environment.get("versions", {})
    words = [f"{name} {version}" for name, version in versions.items()]
    revision = environment.get("revision")
    return ", ".join(
        words + ([f"revision {revision[:12]}"] if revision else [])
    )


def runs(directory: str, stages: list[RunHistory]) -> list[dict]:
    """A row for each run: its network, steps, settings and time."""
    done = record.read_json(directory, record.PROGRESS)
    return [_run(stage, done.get(stage.name, {})) for stage in stages]


def _run(stage, done):
    flags = stage.flags
    planned = flags.get("planned_steps")
    seconds = done.get("seconds") or journal.seconds(stage.events)
    parameters = done.get("parameters")
    return {
        "title": stage.title,
        "network": _network(flags),
        "parameters": f"{parameters:,}" if parameters else "",
        "size": f"{flags.get('image_size')}",
        "batch": f"{flags.get('train_batch_size')}",
        "steps": f"{stage.last_step:,}"
        + (f" of {planned:,}" if planned else ""),
        "optimizer": f"{flags.get('optimizer')}",
        "rate": f"{flags.get('learning_rate')}",
        "precision": f"{flags.get('mixed_precision')}",
        "time": duration(seconds),
    }


def _network(flags):
    if backbone := flags.get("backbone"):
        return "a keras.Model" if backbone.startswith("{") else backbone
    name = f"ResNet-{flags.get('resnet_depth')}"
    name += f" ×{flags.get('width_multiplier')}"
    return name + (", SK" if flags.get("sk_ratio") else "")


def command(directory: str, stages: list[RunHistory]) -> str:
    """The command that repeats a job or a run."""
    requested = record.read_json(directory, record.JOB).get("asked")
    if requested is None:
        flagfile = os.path.join(directory, FLAGFILE)
        return shlex.join(["simclrv2", f"--flagfile={flagfile}"])
    words = shlex.split(requested.get(_OF_STAGES) or "")
    flags = [as_flag(n, v) for n, v in requested.items() if n != _OF_STAGES]
    flags += [f"--{word}" for word in words]
    flags = [flag for flag in flags if flag]
    line = shlex.join(["simclrv2", *flags, f"--model_dir={directory}"])
    return _IN_PYTHON + line if from_python(directory, stages) else line


def reasons(directory: str) -> list[dict]:
    """What a job's recipe chose and why, alike stages in one row.

    It is the recipe as the job has changed it since it began.
    """
    begun = record.read_json(directory, record.JOB).get("recipe", {})
    done = record.read_json(directory, record.PROGRESS)
    recipe = done.get(record.RECIPE, begun)
    given = recipe.get("given", {})
    rows: dict[tuple, dict] = {}
    for reason in recipe.get("reasons", []):
        if is_void(reason.get("option"), given.get(reason.get("stage"), {})):
            continue
        about = {k: reason.get(k) for k in ("option", "value", "why", "source")}
        row = rows.setdefault(
            tuple(map(str, about.values())), {**about, "stages": []}
        )
        row["stages"].append(reason.get("stage"))
    return list(rows.values())


def formats(directory: str, exported: str | None) -> list[dict]:
    """A row for each format that `--export_benchmark` timed, of one version.

    Args:
      directory: Of a job or a run.
      exported: The version that a job exported; otherwise the newest in the
        run's directory is taken, or, where that has none, of those that its
        `export_dir` has of a step of the run: other runs may share it.
    """
    timed = exported or _newest_timed(directory)
    timings = _timings(timed) if timed else {}
    return [_format(row) for row in timings.get("formats", [])]


def _timings(version):
    path = os.path.join(version, _TIMED)
    return read_checked(
        path, "the times of an export as JSON", "export it again, or remove it"
    )


def _newest_timed(directory):
    own = _timed(os.path.join(directory, VERSIONS))
    flags = read_flags(directory)
    if not own and flags.get("export_dir"):
        steps = _steps(directory, flags)
        shared = _timed(flags["export_dir"])
        own = {step: v for step, v in shared.items() if step in steps}
    return own[max(own)] if own else None


def _timed(folder):
    """{number: path} of the versions in a folder that were timed."""
    paths = glob.glob(os.path.join(glob.escape(folder), "*", _TIMED))
    versions = {os.path.basename(v): v for v in map(os.path.dirname, paths)}
    return {int(name): v for name, v in versions.items() if name.isdigit()}


def _steps(directory, flags):
    """Steps that a run's exports may be of: those saved, reached, planned."""
    events = journal.read(directory, whole=True)
    return {
        flags.get("planned_steps"),
        *(e.get("step") for e in events if e["event"] in _OF_WEIGHTS),
    }


def _format(row):
    times = row["milliseconds"] or {}
    one, many = (
        f"{times[size]['median']:.2f}" if size in times else ""
        for size in ("1", "32")
    )
    size = f"{row['bytes'] / 2**20:.2f}"
    return {"format": row["format"], "size": size, "one": one, "many": many}
