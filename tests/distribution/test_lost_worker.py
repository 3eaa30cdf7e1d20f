"""One worker of a real job is killed: the others say so, and all go on."""

import json
import re
import signal
import time

import processes
import pytest

from simclrv2_tf.checkpoints import run_directory

STEPS = 30
STOP_SECONDS = 60  # from the death of a worker to the end of the others
FLAGS = (
    "--train_mode=pretrain",
    "--mode=train_then_eval",
    "--eval_split=test",
    "--eval_batch_size=100",
    "--knn_k=5",
    "--dataset=digits",
    "--resnet_depth=18",
    "--width_multiplier=0.0625",
    "--image_size=8",
    "--proj_out_dim=8",
    "--train_batch_size=48",
    f"--train_steps={STEPS}",
    "--warmup_epochs=0",
    "--checkpoint_steps=5",
    "--train_summary_steps=1",
)


def start_job(directory, count=3):
    return processes.start_workers(
        count, "-m", "simclrv2_tf.run", *FLAGS, f"--model_dir={directory}"
    )


def wait_for_step(process, directory, step):
    """Until the journal has this step, or the process has ended."""
    journal = directory / "events.jsonl"
    while process.poll() is None:
        events = journal.read_text().splitlines() if journal.exists() else []
        if any(f'"step": {step},' in line for line in events):
            return
        time.sleep(0.05)
    raise AssertionError(process.communicate()[0])


@pytest.mark.slow
@pytest.mark.parametrize("victim", [1, 0])
def test_a_killed_worker_is_named_and_the_job_goes_on(tmp_path, victim):
    workers = start_job(tmp_path)
    wait_for_step(workers[0], tmp_path, 8)
    lost = workers.pop(victim)
    lost.send_signal(signal.SIGKILL)
    outputs, status = processes.finish(workers, timeout=STOP_SECONDS)
    lost.communicate()
    for output in outputs:
        said = re.findall("^simclrv2: .*", output, re.MULTILINE)
        assert len(said) == 1, output
        assert f"worker {victim} ({lost.address})" in said[0]
        assert "Start all workers again" in said[0]
    assert status == [2, 2]
    step = run_directory.step_of(run_directory.latest(str(tmp_path)))
    assert 5 <= step < STEPS

    outputs, status = processes.finish(start_job(tmp_path))
    assert status == [0, 0, 0], outputs
    assert f"resuming at step  {step}" in outputs[0]
    assert run_directory.latest(str(tmp_path)).endswith(f"ckpt-{STEPS}")
    assert (tmp_path / "saved_model" / str(STEPS)).is_dir()
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["eval/examples"] == 360
    for quiet in outputs[1:]:
        assert not re.search("^(step|evaluation|exported) ", quiet, re.M)
