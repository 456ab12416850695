"""Every element type through transfer, arithmetic, reduction, product and sort."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from ..harness import SUBJECT, check, run, x64
from .values import integers, normal, special

FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
NUMBERS = (*FLOATS, *COMPLEX, *SIGNED, *UNSIGNED)
NARROW = ("int4", "uint4", "float8_e4m3fn", "float8_e5m2")


def array(dtype, *shape):
    kind = np.dtype(dtype).kind
    if kind in "iu":
        return integers(*shape, low=0 if kind == "u" else -9, dtype=dtype)
    return normal(*shape, dtype=dtype)


def wide(dtype):
    return x64(np.dtype(dtype).itemsize // (2 if np.dtype(dtype).kind == "c" else 1) == 8)


@pytest.mark.compat
@pytest.mark.parametrize("dtype", [*NUMBERS, "bool"])
def test_transfer(dtype):
    x = special(dtype) if np.dtype(dtype).kind not in "c" else array(dtype, 5, 3)
    with wide(dtype):
        got = run(SUBJECT, lambda x: x, x)
    assert got.dtype == x.dtype
    assert got.tobytes() == x.tobytes()


@pytest.mark.parametrize("dtype", NARROW)
def test_transfer_narrow(dtype):
    x = np.arange(8).astype(getattr(ml_dtypes, dtype))
    device = jax.devices(SUBJECT)[0]
    got = np.asarray(jax.device_put(x, device))
    assert got.dtype == x.dtype
    np.testing.assert_array_equal(got.astype(np.float32), x.astype(np.float32))


@pytest.mark.parametrize("dtype", ["int4", "uint4"])
def test_unused_bits_of_narrow_integers_are_ignored(dtype):
    """ml_dtypes leaves anything in the high bits of a byte."""
    x = np.arange(256, dtype=np.uint8).view(getattr(ml_dtypes, dtype))
    got = run(SUBJECT, lambda x: (x.astype(jnp.int8), x > x[::-1]), x)
    exact = x.astype(np.int8)
    np.testing.assert_array_equal(got[0], exact)
    np.testing.assert_array_equal(got[1], exact > exact[::-1])


def test_splats_of_empty_arrays():
    """Their constants carry one element although they have none."""
    x = np.zeros((3, 0), np.float32)
    check(lambda x: (jnp.sinh(x), jnp.full((0, 2), True), jnp.full((0,), 7)), x)


def program(x):
    y = x * 2 + 1
    return {
        "arithmetic": y,
        "sum": y.sum(0),
        "product": y @ y.T,
        "transposed": y.T[::-1],
        "where": jnp.where(y == y[0], y, x),
        "gather": y[jnp.array([2, 0, 2])],
        "scatter": y.at[jnp.array([1, 1])].add(x[:2]),
        "padded": jnp.pad(y, 1),
        "concatenated": jnp.concatenate([x, y]),
    }


@pytest.mark.compat
@pytest.mark.parametrize("dtype", NUMBERS)
def test_program(dtype):
    with wide(dtype):
        check(program, array(dtype, 6, 7))


@pytest.mark.parametrize("dtype", [*FLOATS, *SIGNED, *UNSIGNED])
def test_ordered(dtype):
    def fn(x):
        return x.max(0), x.argmin(1), jnp.sort(x, 1), jnp.cumsum(x, 0), jnp.clip(x, 1, 3)

    with wide(dtype):
        check(fn, array(dtype, 6, 9))


@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX])
def test_functions(dtype):
    def fn(x):
        return jnp.exp(x), jnp.tanh(x), jnp.sqrt(x * x + 1), x / (1 + jnp.abs(x)), jnp.log1p(x * x)

    with wide(dtype):
        check(fn, array(dtype, 6, 9))


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_gradient_in_double(dtype):
    def loss(w, x):
        return jnp.sum(jnp.abs(jnp.tanh(x @ w)) ** 2)

    with x64():
        check(jax.value_and_grad(loss), array(dtype, 5, 4), array(dtype, 8, 5))


def test_weak_types():
    check(lambda x: (x + 1, x * 2.5, x / 2, 1 - x), integers(7), exact=True)


def test_python_scalars():
    check(lambda x, i, b: (x * i, x + b), 2.5, 3, True, exact=True)


@pytest.mark.parametrize("source", ["int8", "int32", "uint8", "uint32", "bool"])
def test_widened_integers_compare_as_such(source):
    """Drivers know what range a widened integer has, and one is wrong about it."""
    info = None if source == "bool" else np.iinfo(source)
    x = np.array([0, 1] if info is None else [info.min, 0, 1, 5, info.max], source)
    if info is not None and info.min < 0:
        x = np.append(x, np.array([-1, -50], source))

    def fn(x):
        y = x.astype(jnp.int64)
        near, far = (0, 1, 5, -1, -50), (2**31 - 1, 2**31, 2**32, -(2**31), -(2**40))
        pairs = [(y, np.int64(value)) for value in near + far]
        order = [(a < b, a <= b, a == b, b < a, b <= a) for a, b in pairs]
        return order, [(jnp.maximum(a, b), jnp.minimum(a, b)) for a, b in pairs]

    with x64():
        check(fn, x, exact=True)
