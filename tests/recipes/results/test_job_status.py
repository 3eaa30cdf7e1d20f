"""The status of a job says the same of its time as its report."""

from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.results import job_status


def test_the_plan_has_its_making(tmp_path):
    recipe = {"seconds": {"pretrain": 240.0}, "reasons": []}
    data = {"name": "these", "examples": 9}
    begun = {"asked": {}, "data": data, "recipe": recipe, "seconds": 60.0}
    record.write_json(str(tmp_path), record.JOB, begun)
    assert "planned     5 min 00 s" in job_status.describe(str(tmp_path))


def described(directory, seconds, report=None, **done):
    recipe = {"seconds": seconds, "reasons": []}
    data = {"name": "these", "examples": 9}
    directory = str(directory)
    begun = {"asked": {}, "data": data, "recipe": recipe}
    record.write_json(directory, record.JOB, begun)
    record.write_json(directory, record.PROGRESS, done)
    record.write_json(directory, record.REPORT, report or {})
    return job_status.describe(directory)


LABELLED = {"finetune": 1.0, "distill": 1.0, "scratch": 1.0}


def test_what_the_job_does_not_do_is_not_told(tmp_path):
    every = described(tmp_path, {"pretrain": 1.0, **LABELLED})
    assert every.count("not begun") == 4
    assert every.endswith("exported    not yet")
    given = described(
        tmp_path, LABELLED, {"export": "x/2"}, scratch={"seconds": 1.0}
    )
    assert "pretrained" not in given and given.count("not begun") == 2
    assert given.endswith("exported    x/2")


def test_a_job_without_labels_tells_its_embeddings(tmp_path):
    pretrain = {"pretrain": 1.0}
    text = described(tmp_path, pretrain)
    assert text.count("not begun") == 1
    assert text.endswith("embeddings  not yet")
    report = {"export": None, "embeddings": "x.npz"}
    text = described(tmp_path, pretrain, report, pretrained={"seconds": 1.0})
    assert "not begun" not in text and "exported" not in text
    assert text.endswith("embeddings  x.npz")


def test_a_part_that_was_done_is_told_in_any_case(tmp_path):
    assert "scratch     done" in described(
        tmp_path, {}, scratch={"seconds": 1.0}
    )


def begin(directory, *names):
    for name in names:
        run = directory / name
        run.mkdir(parents=True)
        (run / "flags.json").write_text('{"train_mode": "pretrain"}')


def test_pilot_runs_and_trials_are_told_while_they_go_on(tmp_path):
    begin(tmp_path, "pilots/usual", "pilots/crop_area_min_0.08")
    (tmp_path / "pilots" / "not begun").mkdir()
    first = {"pilots/usual": {"seconds": 60.0}}
    lines = described(tmp_path, {"pretrain": 1.0}, **first).split("\n")
    number = lines.index("pilots/crop_area_min_0.08:")
    assert "nothing is known: no events.jsonl" in "".join(lines[number:])
    assert "pilots/usual done in 1 min 00 s" in lines
    begin(tmp_path, "trials/labels_alone_0")
    pilots = {"seconds": 1.0, "chosen": {}}
    text = described(tmp_path, LABELLED, **first, pilots=pilots)
    assert "pilots      chose what is usual" in text
    assert "trials/labels_alone_0:" in text and "pilots/" not in text
    done = {"pilots": pilots, "trials": {"seconds": 1.0, "chosen": "usual"}}
    text = described(tmp_path, LABELLED, **first, **done)
    assert "trials      of fine-tuning chose usual" in text
    assert "labels_alone" not in text


def test_folds_are_told_before_the_run_of_all_labels_begins(tmp_path):
    begin(tmp_path, "finetuned/folds/0", "finetuned/folds/1")
    text = described(tmp_path, LABELLED)
    assert "finetuned/folds/0:\n" in text and "finetuned/folds/1:\n" in text
    assert "finetuned   not begun" not in text


def test_a_job_that_gave_up_pretraining_is_its_network_from_scratch(tmp_path):
    """Nothing is "not begun" that never will be."""
    begin(tmp_path, "pretrained")  # the last attempt
    why = "Pretraining must learn something. Received: it does not"
    done = {record.GIVEN_UP: {"why": why, "seconds": 9.0}}
    seconds = {"pretrain": 1.0, **LABELLED}
    text = described(tmp_path, seconds, **done)
    begun, _ = text.split("exported")
    assert "pretrained  learnt nothing: nothing is fine-tuned or" in begun
    assert begun.endswith(f"exports\n  {why}\nscratch     not begun\n")
    done["scratch"] = {"seconds": 60.0, "eval/label_top_1_accuracy": 0.5}
    text = described(tmp_path, seconds, {"export": "x/1"}, **done)
    assert "not begun" not in text and "finetuned" not in text
    assert "scratch     done in 1 min 00 s, top-1 50.0%" in text
    assert text.endswith("exported    x/1")
