"""Options of a student that a job would not heed."""

import pytest

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import stage_checks

KERAS = "keras:MobileNetV3Small"


def job(**options):
    return Config(mode="recommend", dataset="digits", **options)


@pytest.mark.parametrize("stage", ["pretrain", "finetune"])
@pytest.mark.parametrize(
    "name", ["student", "student_pixels", "student_weights"]
)
def test_a_student_is_for_distillation(stage, name):
    config = job(student=KERAS, stage_options={stage: {name: "imagenet"}})
    message = (
        f"`{name}` is for distillation: give --{name}, or --distill.{name}. "
        f"Received: --{stage}.{name}=imagenet$"
    )
    with pytest.raises(ValueError, match=message):
        stage_checks.check_given(config)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"student_weights": "imagenet"},
            "`student_weights` is of a Keras network to distil into: give "
            "--student beside it, .*--student_weights=imagenet$",
        ),
        (
            {"stage_options": {"distill": {"student_pixels": "0..1"}}},
            "`student_pixels` is of .*--distill.student beside it, or leave it "
            "out. Received: --distill.student_pixels=0..1$",
        ),
    ],
)
def test_what_is_given_of_no_student_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        stage_checks.check_given(job(**options))


@pytest.mark.parametrize(
    "options",
    [
        {"student": KERAS, "student_weights": "imagenet"},
        {"student_pixels": "0..1", "stage_options": "distill.student=x.keras"},
        {
            "student_weights": "w.h5",
            "stage_options": f"scratch.student={KERAS}",
        },
        {"student": KERAS, "stage_options": "scratch.student_weights=random"},
        {},
    ],
)
def test_what_a_job_heeds_is_not(options):
    stage_checks.check_given(job(**options))
