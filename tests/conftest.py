"""Chooses the platforms before JAX is imported, and says what a run covers.

JAX_TEST_MODE=compare (default)  runs every case on `mps` and on `cpu` and compares
JAX_TEST_MODE=mps                runs on `mps` only: references that need no `cpu` are checked
JAX_TEST_MODE=cpu                runs on `cpu` only: shows that a test itself is right
"""

import os

import pytest

MODE = os.environ.get("JAX_TEST_MODE", "compare")
_PLATFORMS = {"compare": "mps,cpu", "mps": "mps", "cpu": "cpu"}
if MODE not in _PLATFORMS:
    raise pytest.UsageError(f"JAX_TEST_MODE={MODE}: expected compare, mps or cpu")
os.environ["JAX_PLATFORMS"] = _PLATFORMS[MODE]
# A cached executable would hide what the compiler does.
os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "0"


def pytest_configure(config):
    if MODE == "cpu":
        return
    import jax

    try:
        jax.devices("mps")
    except RuntimeError as error:
        raise pytest.UsageError(f"platform mps cannot be used: {error}") from error


def pytest_report_header(config):
    import jax

    lines = [f"jax {jax.__version__}, JAX_TEST_MODE={MODE}"]
    if MODE != "cpu":
        lines.append(f"mps device: {jax.devices('mps')[0].device_kind}")
    return lines


def pytest_collection_modifyitems(config, items):
    """`mps` marks what has no meaning on cpu alone."""
    if MODE != "cpu":
        return
    skip = pytest.mark.skip(reason="needs platform mps (JAX_TEST_MODE=cpu)")
    for item in items:
        if "mps_only" in item.keywords:
            item.add_marker(skip)
