"""What runs on the GPU: the training steps of the models do, from end to end."""

import functools
import pathlib
import re
import shutil
import subprocess

import jax
import pytest

from benchmarks.workloads import TRAININGS

ROOT = pathlib.Path(__file__).resolve().parent.parent


@functools.cache
def tool() -> list[str]:
    """The command line tool, built if need be."""
    cargo = shutil.which("cargo")
    if cargo is None:
        pytest.skip("cargo is not installed")
    return [cargo, "run", "--release", "-q", "-p", "tool", "--"]


def device_plan(fn, *args) -> str:
    """The plan of a program for a GPU as nearly all are."""
    jax.devices()
    lowered = jax.jit(fn, donate_argnums=0).trace(*args).lower(lowering_platforms=("mps",))
    command = [*tool(), "explain", "--device=usual", "-"]
    program = lowered.as_text().encode()
    done = subprocess.run(command, input=program, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.mps_only
@pytest.mark.parametrize("name", TRAININGS)
def test_training_steps_stay_on_the_device(name):
    """No step is the host's, and no array: so nothing is copied from one memory to the other."""
    training = TRAININGS[name]
    plan = device_plan(training.step, training.init(), *training.batch(0))
    reasons = re.findall(r"^ *// on the host: .*\n.*", plan, re.M)
    assert not reasons, "\n".join(reasons)
    slots = re.findall(r"^  s\d+: tensor<.*", plan, re.M)
    assert slots and all("> device " in slot for slot in slots), plan


def test_a_host_step_would_show():
    plan = device_plan(lambda x: jax.numpy.sort(x) + 1, jax.numpy.ones(8))
    assert "// on the host: " in plan
