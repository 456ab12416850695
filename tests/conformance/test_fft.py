"""Fourier transforms against a double-precision reference."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ..harness import SUBJECT, case, check, run, x64
from .values import normal

pytestmark = pytest.mark.on_demand


@pytest.mark.parametrize("n", [1, 2, 3, 8, 15, 31, 64, 97, 100, 1024, 1155])
def test_lengths(n):
    z, x = normal(3, n, dtype=np.complex64), normal(3, n)

    def fn(z, x):
        return {
            "fft": jnp.fft.fft(z),
            "ifft": jnp.fft.ifft(z),
            "rfft": jnp.fft.rfft(x),
            "irfft": jnp.fft.irfft(z[:, : n // 2 + 1], n),
        }

    got = run(SUBJECT, fn, z, x)
    wide, wide_x = z.astype(np.complex128), x.astype(np.float64)
    expected = {
        "fft": np.fft.fft(wide),
        "ifft": np.fft.ifft(wide),
        "rfft": np.fft.rfft(wide_x),
        "irfft": np.fft.irfft(wide[:, : n // 2 + 1], n),
    }
    for name, exact in expected.items():
        assert got[name].shape == exact.shape
        error = np.abs(got[name] - exact).max() / np.abs(exact).max()
        assert error <= 2e-6, f"{name}: {error}"


Z = normal(4, 6, 10, dtype=np.complex64)
X = normal(4, 6, 10)

CASES = [
    case("two_dimensions", lambda z: (jnp.fft.fft2(z), jnp.fft.ifft2(z)), Z),
    case("three_dimensions", lambda z: (jnp.fft.fftn(z), jnp.fft.ifftn(z)), Z),
    case("real_2d", lambda x: (jnp.fft.rfft2(x), jnp.fft.irfft2(jnp.fft.rfft2(x))), X),
    case("real_3d", lambda x: (jnp.fft.rfftn(x), jnp.fft.irfftn(jnp.fft.rfftn(x), x.shape)), X),
    case("other_axis", lambda z: (jnp.fft.fft(z, axis=0), jnp.fft.fft(z, axis=1)), Z),
    case("padded_and_cut", lambda z: (jnp.fft.fft(z, 16), jnp.fft.fft(z, 5)), Z),
    case("norms", lambda z: (jnp.fft.fft(z, norm="ortho"), jnp.fft.ifft(z, norm="forward")), Z),
    case("shift", lambda z: jnp.fft.fftshift(jnp.fft.fft(z)), Z),
    case("hermitian", lambda z: (jnp.fft.hfft(z), jnp.fft.ihfft(z.real)), Z),
    case("odd_inverse", lambda z: jnp.fft.irfft(z, 9), Z),
    case("gradient", lambda x: jax.grad(lambda x: (jnp.abs(jnp.fft.rfft(x)) ** 2).sum())(x), X),
    case("convolution", lambda x: jnp.fft.irfft(jnp.fft.rfft(x) ** 2, 10), X),
    case("empty_batch", lambda z: jnp.fft.fft(z), Z[:0]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fft(case):
    check(case.fn, *case.args)


def test_double():
    with x64():
        check(lambda z: (jnp.fft.fftn(z), jnp.fft.rfft(z.real)), normal(5, 12, dtype=np.complex128))
