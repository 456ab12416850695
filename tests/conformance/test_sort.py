"""Sorting: order of NaN and zeros, stability, several operands, top_k."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from ..harness import case, check, x64
from .values import integers, normal, orderable

pytestmark = pytest.mark.on_demand

X = normal(21, 34)
TIES = integers(15, 60, high=4)
SPECIAL = np.random.default_rng(0).permutation(np.tile(orderable("float32"), 3))

CASES = [
    case("axes", lambda x: (jnp.sort(x, 0), jnp.sort(x, 1), jnp.sort(x, None)), X),
    case("argsort", lambda x: (jnp.argsort(x, 0), jnp.argsort(x, 1, descending=True)), X),
    case("special_values", lambda x: (jnp.sort(x), jnp.argsort(x), jnp.sort(-x)), SPECIAL),
    case("stable", lambda x: (jnp.argsort(x, 1), jnp.argsort(x, 1, descending=True)), TIES),
    case("key_value", lambda x, y: lax.sort_key_val(x, y, 1), TIES, integers(15, 60, high=99)),
    case("two_keys", lambda x, y: lax.sort((x, y, x + y), num_keys=2), TIES, TIES[:, ::-1]),
    case("custom_order", lambda x: jnp.sort(x, 1)[:, ::-1], X),
    case("lexsort", lambda x, y: jnp.lexsort((x, y)), TIES[0], TIES[1]),
    case("top_k", lambda x: lax.top_k(x, 5), X),
    case("top_k_all", lambda x: lax.top_k(x, 34), X),
    case("top_k_ties", lambda x: lax.top_k(x, 7), TIES),
    case("top_k_special", lambda x: lax.top_k(x, 20), SPECIAL),
    case("top_k_integers", lambda x: lax.top_k(x, 3), TIES),
    case("median", lambda x: (jnp.median(x, 1), jnp.percentile(x, 30.0, axis=0)), X),
    case("unique", lambda x: jnp.unique(x, size=6, fill_value=-1), TIES),
    case("gradient", lambda x: jax.grad(lambda x: (jnp.sort(x, 1)[:, :3] ** 2).sum())(x), X),
    case("top_k_gradient", lambda x: jax.grad(lambda x: lax.top_k(x, 4)[0].sum())(x), X),
    case("one_element", lambda x: (jnp.sort(x, 1), jnp.argsort(x, 1)), X[:, :1]),
    case("empty", lambda x: (jnp.sort(x, 1), jnp.argsort(x, 1)), X[:, :0]),
    case("long", lambda x: (jnp.sort(x), jnp.argsort(x)), normal(5000)),
    case("bools", lambda x: jnp.sort(x > 0, 1), X),
    case("complex", lambda z: jnp.sort(z), normal(40, dtype=np.complex64)),
]


@pytest.mark.compat
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sort(case):
    check(case.fn, *case.args)


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "uint32", "float16", "bfloat16"]
)
def test_types(dtype):
    x = np.random.default_rng(0).permutation(np.tile(orderable(dtype), 4))
    check(lambda x: (jnp.sort(x), jnp.argsort(x), lax.top_k(x, 6)), x, exact=True)


@pytest.mark.parametrize("dtype", ["int64", "uint64", "float64"])
def test_wide_types(dtype):
    x = np.random.default_rng(0).permutation(np.tile(orderable(dtype), 4))
    with x64():
        check(lambda x: (jnp.sort(x), jnp.argsort(x)), x, exact=True)
