"""What runs on the GPU: the training steps of the models do, from end to end."""

import functools
import pathlib
import re
import shutil
import subprocess

import pytest

from benchmarks.workloads import TRAININGS

from .subprocesses import python

ROOT = pathlib.Path(__file__).resolve().parent.parent


@functools.cache
def tool() -> list[str]:
    """The command line tool, built if need be."""
    cargo = shutil.which("cargo")
    if cargo is None:
        pytest.skip("cargo is not installed")
    # As Cargo's tests built it: with `-p tool` alone dependencies have other features.
    return [cargo, "run", "-q", "--bin", "jax-metallib", "--"]


def device_plan(tmp_path, code: str) -> str:
    """The plan for a GPU, as nearly all are, of what `code` calls `fn`, with arguments `args`."""
    script = f"import jax, jax.numpy as jnp\n{code}\n"
    script += "jax.jit(fn, donate_argnums=0).lower(*args).compile()"
    python(script, env={"JAX_METALLIB_DUMP": str(tmp_path), "PYTHONPATH": str(ROOT)})
    *_, program = sorted(tmp_path.glob("*.mlirbc"))
    command = [*tool(), "explain", "--device=usual", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.mps_only
@pytest.mark.parametrize("name", TRAININGS)
def test_training_steps_stay_on_the_device(name, tmp_path):
    """No step is the host's, and no array: so nothing is copied from one memory to the other."""
    code = f"from benchmarks.workloads import TRAININGS; training = TRAININGS[{name!r}]\n"
    code += "fn, args = training.step, (training.init(), *training.batch(0))"
    plan = device_plan(tmp_path, code)
    reasons = re.findall(r"^ *// on the host: .*\n.*", plan, re.M)
    assert not reasons, "\n".join(reasons)
    slots = re.findall(r"^  s\d+: tensor<.*", plan, re.M)
    assert slots and all("> device " in slot for slot in slots), plan


@pytest.mark.mps_only
def test_products_store_what_follows_them(tmp_path):
    """Bias, activation, residual and the update of weights are no launches of their own."""
    code = """
def fn(w, x, b, r):
    y, back = jax.vjp(lambda w: jax.nn.gelu(x @ w + b) + r, w)
    return w - 0.1 * back(y)[0], y
args = (jnp.ones((64, 32)), jnp.ones((48, 64)), jnp.ones(32), jnp.ones((48, 32)))
"""
    plan = device_plan(tmp_path, code)
    steps = re.findall(r"^  s.* <- (\w+)\(", plan, re.M)
    assert "fused_dot" in steps and "dot" not in steps, plan


@pytest.mark.mps_only
def test_a_host_step_would_show(tmp_path):
    plan = device_plan(tmp_path, "fn, args = lambda x: jnp.linalg.cholesky(x), (jnp.eye(4),)")
    assert "// on the host: " in plan
