"""A probe ends when its seconds are over, and not before its least steps."""

import types

import pytest

from simclrv2_tf.recipes.budget import stop_in_time


def trained(monkeypatch, each, most=16):
    """The callback after a training whose steps end at such times."""
    clock = stop_in_time.StopInTime(seconds=15.0, least_steps=4)
    clock.set_model(types.SimpleNamespace(stop_training=False))
    times = iter([20.0 + each * step for step in range(most)])
    monkeypatch.setattr(
        stop_in_time,
        "time",
        types.SimpleNamespace(monotonic=lambda: next(times)),
    )
    for step in range(most):
        clock.on_train_batch_end(step)
        if clock.model.stop_training:
            break
    return clock


@pytest.mark.parametrize(
    ("each", "steps"),
    [(0.3, 16), (1.0, 16), (2.0, 9), (6.0, 4), (14.0, 4), (60.0, 2)],
)
def test_it_stops_late_steps(monkeypatch, each, steps):
    clock = trained(monkeypatch, each)
    assert clock.steps == steps
    assert clock.step_seconds() == pytest.approx(each)
