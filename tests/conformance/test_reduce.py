"""Reductions, windows and cumulative ops."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from jax import lax

from ..harness import SUBJECT, case, check, run
from .values import integers, normal

X = normal(33, 17, 20)
M = normal(64, 129)
WITH_NAN = np.where(normal(9, 30, seed=5) > 1.5, np.nan, normal(9, 30)).astype(np.float32)

CASES = [
    *(
        case(f"sum_axis_{axis}".replace(" ", ""), lambda x, axis=axis: x.sum(axis), X)
        for axis in (None, 0, 1, 2, (0, 1), (0, 2), (1, 2))
    ),
    case("keepdims", lambda x: x - x.mean(1, keepdims=True), X),
    case("max_min", lambda x: (x.max(0), x.min(2), x.max(), jnp.max(x, (0, 2))), X),
    case("prod", lambda x: (1 + 0.1 * x).prod(1), X),
    case("nan", lambda x: (x.max(1), x.min(0), x.sum(1), jnp.nansum(x, 1)), WITH_NAN),
    case("nan_arg", lambda x: (x.argmax(1), x.argmin(0), jnp.nanargmax(x, 1)), WITH_NAN),
    case("argmax", lambda x: (x.argmax(), x.argmax(0), x.argmin(2)), X),
    case("argmax_ties", lambda x: (x.argmax(1), x.argmin(1)), integers(30, 40, high=3)),
    case("logical", lambda x: ((x > 2).any(1), (x > -3).all(0), (x > 0).sum(2)), X),
    case("integer", lambda x: (x.sum(0), x.prod(1), x.max(), x.min(0)), integers(9, 11)),
    case("bitwise", lambda x: lax.reduce(x, np.int32(0), lax.bitwise_xor, (0,)), integers(9, 5)),
    case("variance", lambda x: (x.var(0), x.std((1, 2)), x.mean()), X),
    case("softmax", lambda x: (jax.nn.softmax(x), jax.nn.log_softmax(x, axis=0)), M),
    case("softmax_masked", lambda x: jax.nn.softmax(jnp.where(x > 0, x, -jnp.inf)), M),
    case("logsumexp", lambda x: jax.nn.logsumexp(x * 30, axis=(0, 1)), M),
    case("norms", lambda x: (jnp.linalg.norm(x), jnp.linalg.norm(x, 1, axis=0)), M),
    case("scalar_input", lambda x: (x.sum(), x.max()), np.float32(2)),
    case("empty_dim", lambda x: (x.sum(0), x.sum(1), (x > 0).all(1)), normal(4, 0)),
    case("empty_rows", lambda x: (x.sum(1), x.max(1), x.mean(1)), normal(0, 4)),
    case("one_column", lambda x: x.sum(1), normal(300, 1)),
    case("one_row", lambda x: x.sum(1), normal(1, 3001)),
    case("complex", lambda z: (z.sum(0), z.mean(), z.prod(1)), normal(8, 9, dtype=np.complex64)),
    case("transposed_input", lambda x: (x.T * 2).sum(0), M),
    case("reduce_of_broadcast", lambda v: jnp.broadcast_to(v, (50, 129)).sum(0), M[0]),
    case(
        "custom_combiner",
        lambda x: lax.reduce(x, np.float32(1), lambda a, b: a + b + a * b, (1,)),
        M[:, :9] / 10,
    ),
    case(
        "variadic",
        lambda x, y: lax.reduce(
            (x, y),
            (np.float32(0), np.float32(1)),
            lambda a, b: (a[0] + b[0], lax.max(a[1], b[1])),
            (0,),
        ),
        M,
        M * 2,
    ),
    case("jvp", lambda x: jax.jvp(lambda x: x.max(1) + x.prod(1), (x,), (x * 2,)), M[:, :7]),
    case("grad_max", lambda x: jax.grad(lambda x: x.max(1).sum())(x), M),
]


@pytest.mark.compat
@pytest.mark.parametrize("case", CASES, ids=str)
def test_reduce(case):
    check(case.fn, *case.args)


def window(x, start, combine, dims, strides=None, padding="VALID", **options):
    strides = strides or (1,) * len(dims)
    return lax.reduce_window(x, np.float32(start), combine, dims, strides, padding, **options)


IMAGES = normal(2, 9, 11, 3)

WINDOWS = [
    case("max_pool", lambda x: window(x, -np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1)), IMAGES),
    case(
        "max_pool_same", lambda x: window(x, -np.inf, lax.max, (1, 3, 3, 1), padding="SAME"), IMAGES
    ),
    case("sum_pool", lambda x: window(x, 0, lax.add, (1, 3, 2, 1), (1, 2, 3, 1)), IMAGES),
    case(
        "min_padded",
        lambda x: window(x, np.inf, lax.min, (2, 2), None, [(1, 0), (0, 2)]),
        IMAGES[0, 0],
    ),
    case(
        "dilated",
        lambda x: window(x, 0, lax.add, (2, 3), None, "VALID", window_dilation=(2, 3)),
        IMAGES[0, :, :, 0],
    ),
    case(
        "base_dilated",
        lambda x: window(x, 0, lax.add, (2, 3), None, [(1, 1), (0, 0)], base_dilation=(2, 1)),
        IMAGES[0, :, :, 0],
    ),
    case(
        "max_pool_gradient",
        lambda x: jax.grad(
            lambda x: (window(x, -np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1)) ** 2).sum()
        )(x),
        IMAGES,
    ),
    case(
        "overlapping_gradient",
        lambda x: jax.grad(
            lambda x: (window(x, -np.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME") ** 2).sum()
        )(x),
        IMAGES,
    ),
    case(
        "sum_pool_gradient",
        lambda x: jax.grad(lambda x: (window(x, 0, lax.add, (1, 3, 3, 1)) ** 2).sum())(x),
        IMAGES,
    ),
]


@pytest.mark.parametrize("case", WINDOWS, ids=str)
def test_reduce_window(case):
    check(case.fn, *case.args)


CUMULATIVE = [
    case("cumsum", lambda x: (jnp.cumsum(x, 0), jnp.cumsum(x, 1), jnp.cumsum(x)), M),
    case("cumsum_reverse", lambda x: lax.cumsum(x, axis=1, reverse=True), M),
    case("cumprod", lambda x: lax.cumprod(1 + x / 50, axis=0), M),
    case("cummax", lambda x: (lax.cummax(x, 1), lax.cummin(x, 0, reverse=True)), M),
    case("cumlogsumexp", lambda x: lax.cumlogsumexp(x, axis=1), M),
    case("integers", lambda x: (jnp.cumsum(x, 1), jnp.cumprod(x, 0)), integers(12, 30)),
    case("gradient", lambda x: jax.grad(lambda x: (jnp.cumsum(x, 1) ** 2).sum())(x), M),
    case("long", lambda v: jnp.cumsum(v), normal(20_000)),
    case("length_one", lambda x: jnp.cumsum(x, 1), normal(5, 1)),
    case("empty", lambda x: jnp.cumsum(x, 1), normal(5, 0)),
    case("associative_scan", lambda x: lax.associative_scan(jnp.multiply, 1 + x / 50, axis=1), M),
]


@pytest.mark.parametrize("case", CUMULATIVE, ids=str)
def test_cumulative(case):
    check(case.fn, *case.args)


def test_sum_is_at_least_pairwise():
    """A million equal terms: naive summation in float32 would be off by a percent."""
    x = np.full(1_000_000, 0.1, np.float32)
    got = run(SUBJECT, lambda x: (x.sum(), x.mean(), x.reshape(10, -1).sum(1)), x)
    exact = float(x[0]) * x.size
    for value, expected in zip(got, (exact, exact / x.size, exact / 10), strict=True):
        np.testing.assert_allclose(value.astype(np.float64), expected, rtol=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_sums_accumulate_wider(dtype):
    x = np.full((3, 4096), 0.25).astype(dtype)
    got = run(SUBJECT, lambda x: (x.sum(1), x.mean(1)), x)
    eps = float(ml_dtypes.finfo(dtype).eps)
    np.testing.assert_allclose(got[0].astype(np.float64), 1024, rtol=eps)
    np.testing.assert_allclose(got[1].astype(np.float64), 0.25, rtol=eps)
