"""Indexed reads and updates: every mode, repeated and out-of-bounds indices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from ..harness import case, check
from .values import integers, normal

X = normal(13, 9)
I = integers(20, low=-15, high=25)
IN = integers(20, high=13)
U = normal(20, 9, seed=3)
CUBE = normal(5, 6, 7)

GATHERS = [
    case("rows", lambda x, i: x[i], X, IN),
    case("rows_any_index", lambda x, i: x[i], X, I),
    case("fill", lambda x, i: x.at[i].get(mode="fill", fill_value=-7), X, I),
    case("clip", lambda x, i: x.at[i].get(mode="clip"), X, I),
    case("wrap", lambda x, i: jnp.take(x, i, axis=0, mode="wrap"), X, I),
    case("columns", lambda x, i: x[:, i % 9], X, IN),
    case("pairs", lambda x, i: x[i, i % 9], X, IN),
    case("matrix_of_indices", lambda x, i: x[i.reshape(4, 5)], X, IN),
    case("mixed_slices", lambda x, i: x[1:4, i % 6, ::2], CUBE, IN),
    case("take_along_axis", lambda x: jnp.take_along_axis(x, jnp.argsort(x, 1), 1), X),
    case("batched", lambda x, i: jax.vmap(lambda r, j: r[j % 9])(x, i[:13]), X, IN),
    case("boolean_mask_where", lambda x: jnp.where(x > 0, size=20, fill_value=-1), X),
    case("scalar_index", lambda x, i: (x[i[0]], x[2, 3], x[-1]), X, IN),
    case("dynamic_slice", lambda x, i: lax.dynamic_slice(x, (i, 2), (4, 3)), X, np.int32(5)),
    case(
        "dynamic_slice_clamps", lambda x, i: lax.dynamic_slice(x, (i, i), (4, 3)), X, np.int32(50)
    ),
    case(
        "dynamic_slice_negative",
        lambda x, i: lax.dynamic_slice(x, (i, i), (4, 3)),
        X,
        np.int32(-50),
    ),
    case("dynamic_index", lambda x, i: lax.dynamic_index_in_dim(x, i, 0, False), X, np.int32(3)),
    case("one_hot", lambda i: jax.nn.one_hot(i, 13), IN),
    case("empty_indices", lambda x, i: x[i], X, IN[:0]),
    case("empty_rows", lambda x, i: x[i], normal(3, 0), IN[:4] % 3),
    case("unsigned_index", lambda x, i: x[i], X, IN.astype(np.uint8)),
    case("narrow_type", lambda x, i: x[i], integers(13, 9, dtype="int8"), IN),
    case("gradient", lambda x, i: jax.grad(lambda x: (x[i] ** 2).sum())(x), X, IN),
    case("fused_producer", lambda x, i: jnp.tanh(x * 2)[i] + 1, X, IN),
    case("interpolate", lambda v, x: jnp.interp(v, jnp.sort(x), jnp.arange(9.0)), normal(50), X[0]),
    case("searchsorted", lambda x, v: jnp.searchsorted(jnp.sort(x), v), normal(100), normal(40)),
]

SCATTERS = [
    case("set_unique", lambda x, u: x.at[jnp.arange(5) * 2].set(u[:5], unique_indices=True), X, U),
    case("set_one", lambda x: (x.at[3].set(1.5), x.at[2, 4].set(-1), x.at[-1].add(2)), X),
    case("set_slice", lambda x, u: x.at[2:10:3, 1:].set(u[:3, 1:]), X, U),
    case("add", lambda x, i, u: x.at[i].add(u), X, IN, U),
    case("add_any_index", lambda x, i, u: x.at[i].add(u), X, I, U),
    case("add_clip", lambda x, i, u: x.at[i].add(u, mode="clip"), X, I, U),
    case("multiply", lambda x, i: x.at[i].multiply(1.5), X, IN),
    case("divide", lambda x, i: x.at[jnp.unique(i, size=5)].divide(3), X, IN),
    case("power", lambda x: jnp.abs(x).at[jnp.arange(4)].power(2), X),
    case("min_max", lambda x, i, u: (x.at[i].min(u), x.at[i].max(u)), X, IN, U),
    case("apply", lambda x: x.at[jnp.arange(3)].apply(jnp.sin), X),
    case("pairs", lambda x, i: x.at[i, i % 9].add(2.5), X, IN),
    case("columns", lambda x, i, u: x.at[:, i % 9].add(u[:13, :1]), X, IN, U),
    case("batched", lambda x, i: jax.vmap(lambda r, j: r.at[j % 9].add(1))(x, i[:13]), X, IN),
    case("integer_add", lambda i: jnp.zeros(13, jnp.int32).at[i].add(1), IN),
    case("bincount", lambda i: (jnp.bincount(i, length=13), jnp.histogram(i, bins=4)[0]), IN),
    case("segment_sum", lambda u, i: jax.ops.segment_sum(u, i, 13), U, IN),
    case("segment_max", lambda u, i: jax.ops.segment_max(u, jnp.sort(i), 15), U, IN),
    case("bool_or", lambda i: jnp.zeros(13, bool).at[i].set(True), IN),
    case("narrow_type", lambda i: jnp.zeros((13, 3), jnp.uint8).at[i, i % 3].add(7), IN),
    case("half", lambda i: jnp.zeros(13, jnp.bfloat16).at[i].add(jnp.bfloat16(0.5)), IN),
    case("complex", lambda i: jnp.zeros(13, jnp.complex64).at[i].add(1 + 2j), IN),
    case("scalar_target", lambda x: x.at[()].set(3), np.float32(1)),
    case("empty_update", lambda x, i, u: x.at[i[:0]].add(u[:0]), X, IN, U),
    case(
        "dynamic_update",
        lambda x, u, i: lax.dynamic_update_slice(x, u[:3, :4], (i, 2)),
        X,
        U,
        np.int32(4),
    ),
    case(
        "dynamic_update_clamps",
        lambda x, u, i: lax.dynamic_update_slice(x, u[:3, :4], (i, i)),
        X,
        U,
        np.int32(40),
    ),
    case(
        "gradients",
        lambda x, i, u: jax.grad(
            lambda x, u: (x.at[i].mul(u, unique_indices=True) ** 2).sum(), (0, 1)
        )(x, jnp.abs(u) + 1),
        X,
        np.random.default_rng(0).permutation(13)[:9].astype(np.int32),
        U[:9],
    ),
    case(
        "window_updates",
        lambda x, u: lax.scatter_add(
            x,
            np.array([[0, 1], [4, 2], [1, 1]], np.int32),
            u[:3, :6].reshape(3, 2, 3),
            lax.ScatterDimensionNumbers((1, 2), (), (0, 1)),
        ),
        X,
        U,
    ),
]


@pytest.mark.compat
@pytest.mark.parametrize("case", GATHERS, ids=str)
def test_gather(case):
    check(case.fn, *case.args)


@pytest.mark.compat
@pytest.mark.parametrize("case", SCATTERS, ids=str)
def test_scatter(case):
    check(case.fn, *case.args)
