"""Students of one teacher: accuracy, size and latency at equal minutes.

    python tools/benchmark.py students --data=DATA --runs_dir=RUNS --minutes=60

DATA holds tfds/cifar10 and signs/, a folder of class folders. On each a
ResNet-18 of half width is pretrained (10,000 images of CIFAR-10, four fifths
of the signs) and fine-tuned on 20 labels a class; ResNets of 0.25 and 0.125
width and Keras's MobileNetV3Small of alpha 1.0 and 0.75 learn its answers, each
for as many minutes of processor time (--student_minutes; steps are what a
measured step leaves). Then all are exported in turn, in float and in int8, and
timed at batch 1.

The list goes on where it stopped, as that of `findings` does: runs are kept in
RUNS, and after --minutes, SIGTERM or Ctrl-C it stops with a checkpoint.

The rate of each student is chosen among three on CIFAR-10, in runs of a third
of its minutes that learn from its 10,000 images and are judged on 5,000 others
of the training set; the signs take the same. The test images, and the fifth of
the signs that is set aside, are looked at by the row alone.

Some 5.5 hours of processor time, 3 by the clock on two cores that do nothing
else: 1.7 for the teachers' pretraining (reckoned as for `findings`), 2 for
eight students of 15 minutes, 1 for the twelve runs that choose, the rest for
starts and exports.
"""

import argparse
import json
import pathlib
import re

from simclrv2_tf.probing import intervals
from tools.benchmarks.cifar10 import read
from tools.benchmarks.findings.jobs import WORKER
from tools.benchmarks.findings.jobs import accuracy_of
from tools.benchmarks.findings.runs import Runs
from tools.benchmarks.findings.runs import stopping_cleanly
from tools.benchmarks.students import figure
from tools.benchmarks.students import flags

COMMAND = "python tools/benchmark.py students --data=DATA --runs_dir=RUNS"
STEP_SECONDS = "tools.benchmarks.students.step_seconds"
SHARE_OF_CHOICE = 1 / 3  # of a student's minutes
FLOAT, INT8 = "litert", "litert_int8"
_RIGHT = re.compile(
    r"int8\.tflite: top-1 accuracy ([\d.]+), .* on (\d+) images"
)
_PARAMETERS = re.compile(r"^ *parameters +([\d,]+)$", re.MULTILINE)


def run(arguments):
    """Yields the report after each row."""
    options = parse_arguments(arguments)
    common = {"data_dir": str(pathlib.Path(options.data).resolve() / "tfds")}
    runs = Runs(options.runs_dir, common, options.minutes)
    students = Students(runs, options.data, options.scale)
    students.minutes = options.student_minutes
    rows = []
    with stopping_cleanly():
        for data in options.datasets.split(","):
            for name in flags.STUDENTS:
                students.trained(data, name)
            for name in flags.STUDENTS:
                rows.append(students.row(data, name))
                yield report(options, runs, students, rows)
        print("all is done", flush=True)


def report(options, runs, students, rows):
    """What benchmarks/students.json holds."""
    return {
        "command": COMMAND,
        "labels of each class": flags.LABELS,
        "processor minutes of distillation": options.student_minutes,
        "scale": options.scale,
        "processor hours": round(runs.processor_hours, 2),
        "runs by hardware": runs.hardware(),
        "rates": students.rates,
        "teachers": students.teachers,
        "rows": rows,
    }


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="holds tfds/ and signs/")
    parser.add_argument("--runs_dir", required=True, help="kept between calls")
    parser.add_argument("--minutes", type=float, help="then stop")
    parser.add_argument(
        "--student_minutes",
        type=float,
        default=15.0,
        help="of processor time, that each student learns",
    )
    both = f"{flags.CIFAR10},{flags.SIGNS}"
    parser.add_argument("--datasets", default=both, help=f"of {both}")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the teachers' steps"
    )
    options = parser.parse_args(arguments)
    if not set(options.datasets.split(",")) <= set(flags.SPLITS):
        parser.error(
            f"--datasets must be of {both}. Received: {options.datasets}"
        )
    return options


class Students:
    """Teachers and students.

    Args:
      runs: `Runs`.
      folder: Of the data.
      scale: Times the steps of the teachers.

    Attributes:
      minutes: Of processor time that a student learns.
      rates: {student: the rate that was chosen} so far.
      teachers: {data: top-1} so far.
    """

    def __init__(self, runs, folder, scale):
        self.minutes = 15.0
        self.rates, self.teachers = {}, {}
        self._runs, self._folder, self._scale = runs, folder, scale

    def trained(self, data, student):
        """Has a student learn; the run's name."""
        rate, steps = self._rate(student), self._steps(data, student, 1.0)
        run_flags = self._data(data).distill(student, rate, steps)
        run_flags["teacher"] = self._teacher(data)
        self._runs.result(_name(data, student), run_flags, _judged, WORKER)
        return _name(data, student)

    def row(self, data, student):
        """All figures of a student, which has been trained."""
        name = self.trained(data, student)
        judged = self._runs.record[name]["result"]
        run_flags = {**self._data(data).export(), "checkpoint": name}
        exported = self._runs.result(f"{name}-export", run_flags, _exported)
        interval = intervals.wilson(judged["top-1"], exported["examples"])
        return {
            "data": data,
            "student": student,
            **judged,
            "interval": [round(end, 4) for end in interval],
            **exported,
            "steps": self._runs.record[name]["flags"]["train_steps"],
            "image_size": {**flags.SHARED, **flags.STUDENTS[student]}[
                "image_size"
            ],
        }

    def _teacher(self, data):
        """Trains the teacher unless it is there; the run's name."""
        pretrained, name = f"{data}/pretrained", f"{data}/teacher"
        self._runs.result(
            pretrained, self._data(data).pretrain(), lambda _: {}, WORKER
        )
        run_flags = {
            **self._data(data).finetune(),
            "checkpoint": pretrained,
        }
        result = self._runs.result(name, run_flags, accuracy_of, WORKER)
        self.teachers[data] = result["top-1"]
        return name

    def _rate(self, student):
        """The best on validation, the first of equals."""
        data = flags.CIFAR10
        steps = self._steps(data, student, SHARE_OF_CHOICE)
        accuracies = {}
        for rate in flags.RATES:
            run_flags = self._data(data).distill(
                student, rate, steps, flags.VALIDATION
            )
            run_flags["teacher"] = self._teacher(data)
            name = f"choices/{_name(data, student)}-{rate}"
            judged = self._runs.result(name, run_flags, accuracy_of, WORKER)
            accuracies[rate] = judged["top-1"]
        self.rates[student] = max(accuracies, key=accuracies.__getitem__)
        return self.rates[student]

    def _steps(self, data, student, share):
        """As many as fit into a share of the minutes."""
        run_flags = self._data(data).measure(student)
        run_flags["teacher"] = self._teacher(data)
        name = f"steps/{_name(data, student)}"
        step = self._runs.result(name, run_flags, _seconds, STEP_SECONDS)
        return max(1, round(60 * share * self.minutes / step["seconds"]))

    def _data(self, name):
        return flags.data_of(self._folder, name, self._scale)


def _name(data, student):
    return f"{data}/{student}".replace(", ", "-").replace(" ", "")


def _seconds(folder):
    return read(folder, flags.STEP_FILE)


def _judged(folder):
    count = _PARAMETERS.search(pathlib.Path(f"{folder}.log").read_text())
    if count is None:
        raise SystemExit(
            f"{folder}.log must tell the network's parameters. Received: none"
        )
    parameters = int(count[1].replace(",", ""))
    return {**accuracy_of(folder), "parameters": parameters}


def _exported(folder):
    """Milliseconds and bytes by format, and what is right in int8."""
    right, examples = _right_in_int8(folder)
    measured = (folder / "saved_model").glob("*/benchmark.json")
    newest = max(measured, key=lambda path: int(path.parent.name))
    benchmark = json.loads(newest.read_text())
    rows = {row["format"]: row for row in benchmark["formats"]}
    return {
        "int8 top-1": float(right),
        "examples": int(examples),
        "milliseconds": {f: rows[f]["milliseconds"]["1"] for f in rows},
        "bytes": {f: rows[f]["bytes"] for f in rows},
    }


def _right_in_int8(folder):
    """Top-1 in int8 and of how many images, as the export's log has them."""
    matches = _RIGHT.findall(pathlib.Path(f"{folder}.log").read_text())
    if not matches:
        raise SystemExit(
            f"{folder}.log must tell the accuracy in int8. Received: none; it "
            "takes pip install 'simclrv2_tf[litert]'"
        )
    return matches[-1]


def show(report, folder):
    """Writes students.png: accuracy over latency."""
    from simclrv2_tf.reports.png import png

    path = pathlib.Path(folder) / "students.png"
    path.write_bytes(png(figure.draw(report)))
