"""The whole train step compiles under XLA and is the one that is not.

What a TPU asks of a step: static shapes, nothing that calls the host. No TPU
has been there to run it; the compiler's front end is the same.
"""

import exactness
import keras
import pytest
import tensorflow as tf

from simclrv2_tf import losses

HOST_CALLS = {"PyFunc", "EagerPyFunc", "PyFuncStateless"}
# Of each kind as one vector, relative. XLA sums in another order, and
# its convolutions are others than oneDNN's.
TOLERANCE = 1e-4


def take_step(case, compiled):
    """Metrics and weights after a step, {name: array}; the graph."""
    keras.utils.set_random_seed(0)
    config = exactness.config_of(case)
    source = exactness.open_source(config)
    stage = exactness.make_stage(config, source)
    batches = exactness.open_input(config, source)
    assert_static(batches)
    step = tf.function(stage.train_step, jit_compile=compiled, autograph=False)
    logs = step(next(iter(batches)))
    values = {f"metrics/{name}": logs[name].numpy() for name in logs}
    for name, variable in stage.named_variables().items():
        values[f"weights/{name}"] = variable.numpy()
    return values, step.get_concrete_function(batches.element_spec).graph


def assert_static(batches):
    for spec in tf.nest.flatten(batches.element_spec):
        assert spec.shape.is_fully_defined(), spec


def check(case):
    ours, graph = take_step(case, compiled=True)
    theirs, _ = take_step(case, compiled=False)
    apart = exactness.differences(ours, theirs)
    for kind, (whole, worst) in apart.items():
        print(f"{case} {kind}: {whole:.1e} (worst {worst:.1e})")
    assert set(ours) == set(theirs)
    assert max(whole for whole, _ in apart.values()) <= TOLERANCE, apart
    graph = graph.as_graph_def()
    inner = [node for f in graph.library.function for node in f.node_def]
    assert not HOST_CALLS & {node.op for node in [*graph.node, *inner]}


@pytest.mark.slow
@pytest.mark.parametrize("case", exactness.CASES)
def test_the_step_compiles_and_is_the_same(case):
    check(case)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["pretrain/lars", "pretrain_memory/lars"])
def test_the_step_compiles_with_the_loss_in_tiles(monkeypatch, case):
    monkeypatch.setattr(losses, "DENSE_PAIRS", 8)
    check(case)
