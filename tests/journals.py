"""The journal of a run that was stopped, went on and was rolled back."""

WARNING = "the effective rank is {} of 64: raise --learning_rate"


def event(name, step, **values):
    time = f"2026-01-01T00:00:{step:02d}+00:00"
    return {"event": name, "time": time, "step": step, **values}


def train(step, loss):
    return event("train", step, metrics={"train/contrast_loss": loss})


def health(step, rank, *warnings):
    return event(
        "health", step, numbers={"effective_rank": rank}, warnings=warnings
    )


EVENTS = [
    event("start", 0),
    train(10, 5.0),
    train(20, "nan"),
    health(20, 3.0, WARNING.format(3.0)),
    train(30, 4.0),
    event("stop", 30, kind="Preempted", reason="SIGTERM"),
    event("start", 15),
    train(25, 3.0),
    health(25, 2.5, WARNING.format("2.5")),
    event("rollback", 20),
    train(40, 2.0),
]
