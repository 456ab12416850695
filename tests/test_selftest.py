"""`python -m jax_metallib.selftest`, the report that people attach to issues."""

import re

import numpy as np
import pytest

from jax_metallib import selftest

from .harness import MODE
from .subprocesses import python


@pytest.mark.mps_only
@pytest.mark.skipif(MODE == "mps", reason="needs cpu beside mps")
def test_every_program_agrees():
    script = "import runpy; runpy.run_module('jax_metallib.selftest', run_name='__main__')"
    report = python(script, timeout=600).stdout
    assert re.search(r"^device: \S+", report, re.M)
    lines = [line for line in report.splitlines() if line.endswith(" ok")]
    assert len(lines) == len(selftest.CHECKS), report
    assert "GFLOP/s" in report and "GB/s" in report
    assert report.endswith(f"{len(selftest.CHECKS)} programs, 0 failed\n")


class TestDifference:
    loose = selftest.Check("loose", lambda jax: None)

    def test_rounding_is_allowed(self):
        x = np.array([1.0, 2.0, np.inf, np.nan], np.float32)
        error, allowed = selftest.difference(np.nextafter(x, np.float32(0)), x, self.loose)
        assert np.isinf(error)  # the infinity has become a number
        x = x[:2]
        error, allowed = selftest.difference(np.nextafter(x, np.float32(0)), x, self.loose)
        assert 0 < error <= allowed

    @pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf])
    def test_wrong_values_are_not(self, wrong):
        x = np.array([1.0, 2.0], np.float32)
        error, allowed = selftest.difference(np.array([1.0, wrong], np.float32), x, self.loose)
        assert not error <= allowed

    def test_integers_are_exact(self):
        x = np.arange(5, dtype=np.int32)
        assert selftest.difference(x, x, self.loose) == (0.0, 0.0)
        assert selftest.difference(x + 1, x, self.loose)[0] == np.inf
