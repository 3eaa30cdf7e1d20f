"""The status of a job says the same of its time as its report."""

from simclrv2_tf.recipes import record
from simclrv2_tf.recipes.results import job_status


def test_the_plan_has_its_making(tmp_path):
    recipe = {"seconds": {"pretrain": 240.0}, "reasons": []}
    data = {"name": "these", "examples": 9}
    begun = {"asked": {}, "data": data, "recipe": recipe, "seconds": 60.0}
    record.write_json(str(tmp_path), record.JOB, begun)
    assert "planned     5 min 00 s" in job_status.describe(str(tmp_path))
