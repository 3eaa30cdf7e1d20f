"""Help begins with what one wants to do."""

import dataclasses
import shlex

import pytest

from simclrv2_tf import flags
from simclrv2_tf import help_text
from simclrv2_tf.config import Config


@pytest.mark.parametrize("task", help_text.TASKS, ids=lambda task: task.title)
def test_the_commands_of_tasks_can_be_parsed(task):
    for command in task.commands:
        flags.parse(["simclrv2", *shlex.split(command)])
    known = {field.name for field in dataclasses.fields(Config)}
    assert task.common and set(task.common) <= known


def test_tasks_stand_before_all_flags():
    text = help_text.help_text()
    tasks, everything = text.split("ALL FLAGS, by what they are about")
    assert "--labels_per_class: Examples of each class" in tasks
    assert "--labels_per_class=0\n" in everything
    assert tasks.index("folder of images") < tasks.index("Serve a model")
    assert max(map(len, tasks.splitlines())) < 80
