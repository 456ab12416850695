"""Whole programs: values, gradients and training, compared with cpu."""

import jax
import numpy as np
import pytest

from benchmarks.workloads import ALL, TRAININGS

from .harness import HAVE_CPU, SUBJECT, check, run

PROGRAMS = [name for name, workload in ALL.items() if workload.group == "program"]
# One step of it takes seconds on a machine without a GPU; the benchmarks run it.
LARGE = ("gpt_large_train_step",)


@pytest.mark.compat
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in LARGE])
def test_program(name):
    workload = ALL[name]
    fn, args = workload.make()
    tolerance = workload.tolerance(workload.precision) if workload.precision else None
    check(
        fn,
        *args,
        exact=workload.exact,
        tolerance=tolerance,
        donate=workload.donate,
    )


def losses(training, platform, steps):
    """The loss of each step; the state stays on the device and is donated."""
    device = jax.devices(platform)[0]
    state = jax.device_put(training.init(), device)
    step = jax.jit(training.step, donate_argnums=0)
    seen = []
    for n in range(steps):
        state, loss = step(state, *jax.device_put(training.batch(n), device))
        seen.append(loss)
    return np.array([float(loss) for loss in seen])


# Minutes on a GPU made of software, which runs one step of it in `test_program`.
LONG = ("gpt_train_step", "lstm_train_step")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.on_demand] * (name in LONG)) for name in TRAININGS],
)
def test_training(name):
    """Fifty steps lower the loss, along the same curve on each platform."""
    training = TRAININGS[name]
    ours = losses(training, SUBJECT, 50)
    assert np.isfinite(ours).all()
    assert ours[-5:].mean() < 0.8 * ours[:5].mean()
    if HAVE_CPU:
        theirs = losses(training, "cpu", 50)
        # Rounding differences grow as the weights move apart.
        np.testing.assert_allclose(ours[:10], theirs[:10], rtol=1e-4)
        np.testing.assert_allclose(ours, theirs, rtol=2e-2, atol=2e-3)


@pytest.mark.compat
def test_scan_of_many_steps_is_the_same_computation():
    """The first hundred of ten thousand steps are those of a hundred."""
    short_fn, args = ALL["scan_100_steps"].make()
    long_fn, _ = ALL["scan_10000_steps"].make()
    _, short = run(SUBJECT, short_fn, *args)
    _, long = run(SUBJECT, long_fn, *args)
    np.testing.assert_array_equal(long[:100], short)


def test_digits():
    """Real data: a classifier of handwritten digits learns them."""
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    from benchmarks.workloads import models

    images, labels = datasets.load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 8, 8, 1).astype(np.float32)
    labels = labels.astype(np.int32)
    order = np.random.default_rng(0).permutation(len(labels))
    train, test = order[:1400], order[1400:]
    device = jax.devices(SUBJECT)[0]
    step = jax.jit(models.adam_step(models.cnn_loss, 5e-3), donate_argnums=0)
    state = jax.device_put(models.adam_init(models.cnn_init()), device)
    for epoch in range(6):
        shuffled = np.random.default_rng(epoch).permutation(train)
        for batch in shuffled[: 1400 // 100 * 100].reshape(-1, 100):
            state, loss = step(state, *jax.device_put((images[batch], labels[batch]), device))
    logits = jax.jit(models.cnn_logits)(state["params"], jax.device_put(images[test], device))
    accuracy = np.mean(np.argmax(np.asarray(logits), 1) == labels[test])
    assert np.isfinite(float(loss))
    assert accuracy > 0.95
