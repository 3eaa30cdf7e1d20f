"""`--mode=report`: one page that holds all that is worth a look."""

from __future__ import annotations

import functools
import os

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.files import atomic
from simclrv2_tf.files.json_files import read_checked
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.job_recipe import halvings
from simclrv2_tf.reports import curves
from simclrv2_tf.reports import history
from simclrv2_tf.reports import image_section
from simclrv2_tf.reports import label_curves
from simclrv2_tf.reports import overview
from simclrv2_tf.reports import template
from simclrv2_tf.reports.pictures import Pictures
from simclrv2_tf.runs import journal

PAGE, FOLDER = "report.html", "report"
_PROBES = "probe.json"
_REMEDY = "remove it, or probe again"


def write(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> str:
    """Writes `report.html`, and its pictures below `report/`.

    Args:
      config: A `Config` whose `model_dir` is that of a job or of a run.
      source: A `Source` that was trained on, in place of the run's own.
      eval_source: The same to evaluate on.

    Returns:
      The path of the page.

    Raises:
      ValueError: If there is no job and no run.
    """
    directory = _checked(config.model_dir)
    pictures = Pictures()
    sources = (source, eval_source)
    contents = _contents(config, directory, sources, pictures)
    text = template.render(__package__, "page.html", contents)
    pictures.write(os.path.join(directory, FOLDER))
    path = os.path.join(directory, PAGE)
    atomic.write_text(path, text)
    print(f"wrote the report to {path}", flush=True)
    return path


def _checked(directory):
    """The directory, if it holds a job or a run."""
    if not directory:
        raise ValueError(
            "`model_dir` must name the directory of a job or a run: give "
            "--model_dir."
        )
    if is_remote(directory):
        raise ValueError(
            "A report is written of local directories. Received: "
            f"model_dir={directory!r}; copy it to this machine."
        )
    if any(stage.flags for stage in history.read_stages(directory)):
        return directory
    if record.is_job(directory):
        raise ValueError(
            f"The job in {directory!r} has trained no stage to report of; "
            "--mode=status says how far it is."
        )
    raise ValueError(
        f"`model_dir` {directory!r} holds no job and no run: expected a "
        "directory with flags.json or job.json, which training writes."
    )


def _contents(config, directory, sources, pictures):
    """All that the template shows."""
    stages = history.read_stages(directory)
    report = record.read_json(directory, record.REPORT)
    is_job = record.is_job(directory)
    events = journal.read(directory, whole=True) if is_job else []
    done = record.read_json(directory, record.PROGRESS)
    return {
        "title": _title(directory, stages),
        "facts": overview.facts(directory, stages),
        "runs": overview.runs(directory, stages),
        "reasons": overview.reasons(directory),
        "command": overview.command(directory, stages),
        "learning": [_learning(stage, pictures) for stage in stages],
        "probes": history.probes(events),
        "is_job": is_job,
        "rows": report.get("rows", []),
        "exported": report.get("export"),
        "formats": overview.formats(directory, report.get("export")),
        "efficiency": _efficiency(directory, stages, pictures),
        "notes": _notes(report, done),
        "began_again": "attempts" in done,
        "health": [_health(stage) for stage in stages],
        **image_section.contents(
            config,
            (stages[0], _classifier_run(directory, stages)),
            sources,
            pictures,
        ),
    }


def _notes(report, done):
    """A report's, and the halvings that one under way or earlier has not."""
    notes = report.get("notes", [])
    halved = halvings(done.get("attempts", []))
    return [*notes, *(note for note in halved if note not in notes)]


def _title(directory, stages):
    name = os.path.basename(os.path.abspath(directory))
    kind = "job" if record.is_job(directory) else stages[0].title.lower()
    return f"{name}: {kind} on {overview.dataset(directory, stages)}"


def _learning(stage, pictures):
    """The panels of a stage, a picture each: they stand as there is room."""
    shown = []
    for title, series in stage.panels().items():
        if all(len(steps) < 2 for steps, _ in series.values()):
            continue  # as of a network that trials chose, saved in one step
        name = "_".join(filter(None, ("learning", stage.name, title)))
        lines = ", ".join(series)
        shown.append(
            pictures.add(
                name.replace(" ", "_"),
                f"{stage.title}: {title} ({lines}) over steps",
                functools.partial(
                    curves.learning,
                    {_panel(title, series): series},
                    stage.resumed,
                ),
            )
        )
    return {"title": stage.title, "panels": shown, "resumed": stage.resumed}


def _panel(title, series):
    """A panel of one line is called by that."""
    return title if len(series) > 1 else next(iter(series))


def _efficiency(directory, stages, pictures):
    """The label-efficiency curve of `probe.json`, None without one."""
    places = [directory, *(stage.directory for stage in stages)]
    for place in places:
        path = os.path.join(place, _PROBES)
        rows = read_checked(path, "a probe's results as JSON", _REMEDY).get(
            "curve"
        )
        if rows:
            shown = label_curves.of_few_neighbours(rows)
            return pictures.add(
                "label_efficiency",
                "Accuracy over the number of labels a class",
                functools.partial(label_curves.label_efficiency, shown),
            )
    return None


def _health(stage):
    return {
        "title": stage.title,
        "warnings": history.warnings(stage),
        "actions": history.actions(stage.events),
    }


def _classifier_run(directory, stages):
    """The run whose network is looked at: that with the classifier, if any."""
    if not record.is_job(directory):
        return stages[0]
    try:
        name = os.path.basename(record.run_within(directory))
    except ValueError:  # no classifier yet, or no labels
        name = stages[0].name
    return next((s for s in stages if s.name == name), stages[0])
