"""The house: who imports whom, and what library code does without."""

import ast
import pathlib
import subprocess
import sys

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "simclrv2_tf"
EVERYWHERE = {"console", "files", "machine"}  # rooms that all may import
# Room -> others of ours that it may import; a room always knows itself.
MAY_IMPORT = {
    "run": {"session", "flags", "config", "keras_settings", "recipes", "runs"},
    "api": {"python_calls", "config", "inference"},
    "python_calls": {"session", "config", "data"},
    "session": {
        "config",
        "curation",
        "data",
        "distribution",
        "export",
        "inference",
        "publishing",
        "recipes",
        "reports",
        "runs",
    },
    "publishing": {
        "checkpoints",
        "config",
        "export",
        "hub",
        "probing",
        "recipes",
        "reports",
    },
    "curation": {
        "config",
        "data",
        "distribution",
        "inference",
        "probing",
        "reports",
        "runs",
    },
    "reports": {"config", "data", "inference", "probing", "recipes", "runs"},
    "recipes": {
        "checkpoints",
        "config",
        "data",
        "distribution",
        "export",
        "hub",
        "inference",
        "models",
        "optimizers",
        "probing",
        "runs",
        "scaling",
    },
    "flags": {"config", "help_text", "shipped_recipes"},
    "completion": {"config", "shipped_recipes"},
    "help_text": {"config"},
    "shipped_recipes": set(),
    "inference": {
        "config",
        "data",
        "distribution",
        "checkpoints",
        "export",
        "hub",
        "models",
        "optimizers",
        "probing",
        "runs",
    },
    "runs": {
        "checkpoints",
        "config",
        "data",
        "distribution",
        "export",
        "hub",
        "models",
        "optimizers",
        "probing",
        "scaling",
        "stages",
    },
    "stages": {"losses", "models", "distribution", "data"},
    "hub": {"models", "checkpoints"},
    "losses": {"distribution", "nt_xent_dense", "nt_xent_tiled"},
    "nt_xent_dense": {"distribution"},
    "nt_xent_tiled": {"distribution"},
    "models": {"distribution", "keras_settings"},
    "scaling": {"losses", "models"},
    "probing": set(),
    "data": set(),
    "optimizers": set(),
    "distribution": set(),
    "checkpoints": set(),
    "export": set(),
    "config": set(),
    "keras_objects": set(),
    "keras_settings": set(),
    "files": set(),
    "console": set(),
    "machine": set(),
}
# Rooms and files of `data`, the lowest first; each imports those below.
DATA_LEVELS = (
    {
        "label_subset",
        "not_compiled",
        "random",
        "shorter_side",
        "skip_errors",
        "spread",
    },
    {"augment", "decode", "order"},
    {"blur", "storage", "views"},
    {"label_checks"},
    {"source"},
    {
        "classes",
        "example_names",
        "holdout",
        "image_checksum",
        "orientation_count",
        "splits",
        "unreadable",
    },
    {
        "class_gaps",
        "class_match",
        "copies",
        "exclusion",
        "label_names",
        "sixteen_bits",
    },
    {"batch_maker", "label_map"},
    {"sources"},
    {"cache", "pipeline"},
    {"prepare"},
)
# The same of `inference`.
INFERENCE_LEVELS = (
    {
        "export_options",
        "given_images",
        "inspection",
        "outputs",
        "result_shards",
        "shared_images",
        "unreadable_of_workers",
    },
    {"classifier", "embedding_files", "evaluation", "finished_shards"},
    {"calibration_images", "int8_accuracy", "sweep"},
    {"exports", "feature_files"},
    {"embed", "evaluate", "predict", "probes"},
)
# The same of `recipes`: facts and rules, images, what is afforded, what short
# runs choose, what it all came to, the job.
RECIPES_LEVELS = (
    {
        "baselines",
        "checked_images",
        "folds",
        "job_recipe",
        "record",
        "student_check",
        "student_options",
        "unequal_classes",
    },
    {"job_classifier", "job_seconds", "kept_networks", "rules"},
    {"images", "recommend", "stage_configs", "stage_devices"},
    {
        "batch_rates",
        "by_hand",
        "image_notes",
        "rate_checks",
        "same_job",
        "stage_checks",
    },
    {"budget", "job_directory", "network_checks", "recipe_text"},
    {"choices", "given_weights", "running_job"},
    {"changed_devices", "fitted_recipe", "gathered_facts", "results"},
    {"make_recipe"},
    {"job", "recommendation"},
)
# The same of `runs`: facts and files of a run, its weights, its images, its
# parts, what its start needs, what accompanies it, training.
RUNS_LEVELS = (
    {
        "apart_from_images",
        "best_checkpoint",
        "environment",
        "export_beside",
        "interruption",
        "journal",
        "keras_networks",
        "new_directory",
        "plan",
        "teacher_sources",
        "weights_given",
        "weights_of_chief",
    },
    {"hardware", "moved_data", "resume_state", "same_places", "status"},
    {"model_dir"},
    {"average_of_job", "begun_with", "resolve", "weights_temperature"},
    {"weights"},
    {"own_data", "weights_classes"},
    {"split_parts", "weights_order"},
    {"inputs"},
    {"recorded_data", "training_data"},
    {"training_run"},
    {"checkpoint_comparison", "checkpointing", "start", "weights_taken"},
    {"build"},
    {"changed_flags", "monitoring"},
    {"announcement", "assembly", "callbacks"},
    {"fit"},
    {"train"},
)
LEVELS = {
    "data": DATA_LEVELS,
    "inference": INFERENCE_LEVELS,
    "recipes": RECIPES_LEVELS,
    "runs": RUNS_LEVELS,
}


def modules():
    return [p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py"]


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_imports_point_downwards():
    for path in modules():
        room = room_of(path)
        for name in imported(path):
            if name.startswith("simclrv2_tf."):
                other = name.split(".")[1]
                allowed = MAY_IMPORT[room] | EVERYWHERE | {room}
                assert other in allowed, f"{path.name} imports {name}"


def test_inference_and_curation_do_not_import_training():
    known = ("simclrv2_tf.runs.inputs", "simclrv2_tf.runs.weights")
    for room in ("inference", "curation"):
        for path in (PACKAGE / room).rglob("*.py"):
            for name in imported(path):
                if name.startswith("simclrv2_tf.runs"):
                    assert name.startswith(known), f"{path.name}: {name}"


def test_reports_read_what_runs_left_behind():
    """Of training and of the job they know files, weights and images."""
    known = {
        "runs": (
            "inputs",
            "journal",
            "own_data",
            "recorded_data",
            "start",
            "weights",
            "weights_classes",
            "weights_order",
            "weights_temperature",
        ),
        "recipes": ("record", "job_recipe"),
    }
    for path in (PACKAGE / "reports").glob("*.py"):
        for name in imported(path):
            _, *parts = name.split(".")
            if parts and parts[0] in known:
                assert parts[1] in known[parts[0]], f"{path.name}: {name}"


@pytest.mark.slow
def test_what_inference_imports_knows_no_stage():
    """Neither does anything that those modules of `runs` import in turn."""
    code = (
        "import importlib, pathlib, sys\n"
        "import simclrv2_tf.inference as room\n"
        "home = pathlib.Path(room.__file__).parent\n"
        "for path in home.rglob('*.py'):\n"
        "    name = '.'.join(path.relative_to(home).with_suffix('').parts)\n"
        "    importlib.import_module(f'{room.__name__}.{name}')\n"
        "training = ('simclrv2_tf.stages', 'simclrv2_tf.runs.train')\n"
        "print([n for n in sys.modules if n.startswith(training)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def level_of(name, levels):
    """How high a module of a room stands, from its dotted name there."""
    first = name.split(".")[0]
    standing = [n for n, rooms in enumerate(levels) if first in rooms]
    assert len(standing) == 1, f"{first} stands on levels {standing}, not one"
    return standing[0], first


@pytest.mark.parametrize("room", LEVELS)
def test_imports_within_a_room_point_downwards(room):
    home, levels = PACKAGE / room, LEVELS[room]
    for path in home.rglob("*.py"):
        parts = path.relative_to(home).with_suffix("").parts
        if parts == ("__init__",):
            continue
        level, own = level_of(parts[0], levels)
        for name in imported(path):
            if name.startswith(f"simclrv2_tf.{room}."):
                inside = name.removeprefix(f"simclrv2_tf.{room}.")
                below, other = level_of(inside, levels)
                assert below < level or other == own, f"{path} imports {name}"


def at_the_top(tree):
    """Imports that run when a module is imported, those of types left out."""
    for node in ast.iter_child_nodes(tree):
        typing_only = isinstance(node, ast.If) and (
            "TYPE_CHECKING" in ast.unparse(node.test)
        )
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not typing_only and not isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.expr
        ):
            yield from at_the_top(node)


def import_graph(texts):
    """{module: those of `texts` that it imports}; texts is {module: text}."""
    graph = {}
    for module, text in texts.items():
        names = set()
        for node in at_the_top(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                names |= {n if n in texts else node.module for n in whole}
            else:
                names |= {alias.name for alias in node.names}
        graph[module] = names & set(texts)
    return graph


def in_cycles(graph):
    """What is left when those that import nothing left are taken away."""
    left = dict(graph)
    while ready := [m for m, below in left.items() if not below & set(left)]:
        for module in ready:
            del left[module]
    return sorted(left)


def test_no_module_imports_itself_through_others():
    texts = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        texts[".".join(parts).removesuffix(".__init__")] = path.read_text()
    assert in_cycles(import_graph(texts)) == []


def test_a_cycle_is_seen_and_an_import_in_a_function_is_none():
    texts = {
        "p.a": "from p import b",
        "p.b": "try:\n  import p.c\nexcept ImportError:\n  pass",
        "p.c": "from p.a import name",
        "p.d": "def f():\n  import p.e",
        "p.e": "import p.d\nif TYPE_CHECKING:\n  import p.e",
    }
    assert in_cycles(import_graph(texts)) == ["p.a", "p.b", "p.c"]


# What is done in one place -> who may do it, and why.
DONE_ONCE = {
    '"://" in': {"files/paths.py"},
    "Graph execution error": {"files/errors.py"},
    '"flags.json"': {"files/run_files.py"},
    '"network.json"': {"files/run_files.py"},
    "sched_getaffinity": {"machine/cores.py"},
    "fsync(": {"files/atomic.py", "files/lock.py"},  # a lock is never renamed
    "import tqdm": {"console/live_line.py", "console/progress.py"},
    "rename(": {
        "files/atomic.py",
        "checkpoints/run_directory.py",  # sets damaged checkpoints aside
        "export/versions.py",  # directories
        "hub/download.py",  # what is half there is kept
        "hub/fetch.py",  # directories
        "recipes/choices/pretraining_retries.py",  # directories
    },
}


def test_what_is_done_in_one_place_is_done_nowhere_else():
    for text, allowed in DONE_ONCE.items():
        doing = {
            path.relative_to(PACKAGE).as_posix()
            for path in modules()
            if text in path.read_text()
        }
        assert doing == allowed, text


def test_only_one_module_knows_absl_flags():
    knowing = {
        path.name
        for path in modules()
        if any(name.startswith("absl") for name in imported(path))
    }
    assert knowing == {"flags.py"}


def test_no_assert_in_the_package():
    for path in modules():
        tree = ast.parse(path.read_text())
        assert not any(isinstance(n, ast.Assert) for n in ast.walk(tree)), path


def test_a_file_name_stands_once():
    names = [p.name for p in modules() if p.name != "__init__.py"]
    assert len(names) == len(set(names)), sorted(names)


def test_no_module_needs_another_name_where_it_is_imported():
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom | ast.Import):
                for alias in node.names:
                    ours = getattr(node, "module", None) or alias.name
                    renamed = alias.asname not in (None, alias.name)
                    assert not (renamed and "simclrv2_tf" in ours), path


def test_the_lowest_rooms_know_one_another_only():
    for room in EVERYWHERE:
        assert MAY_IMPORT[room] == set()
