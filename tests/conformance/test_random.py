"""Random bits are the same on every platform; so is what is made of them without rounding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ..harness import SUBJECT, case, check, run, x64

SEED = np.uint32(1701)


def key(seed, impl=None):
    return jax.random.key(seed, impl=impl)


def on_key(fn, impl=None):
    return lambda seed: fn(key(seed, impl))


EXACT = [
    case("bits", on_key(lambda k: jax.random.bits(k, (33, 7))), SEED),
    *(
        case(f"bits_{t}", on_key(lambda k, t=t: jax.random.bits(k, (101,), t)), SEED)
        for t in ("uint8", "uint16", "uint32")
    ),
    case("split", on_key(lambda k: jax.random.key_data(jax.random.split(k, 5))), SEED),
    case("split_shape", on_key(lambda k: jax.random.key_data(jax.random.split(k, (2, 3)))), SEED),
    case("fold_in", on_key(lambda k: jax.random.key_data(jax.random.fold_in(k, 99))), SEED),
    case("old_style_key", lambda: jax.random.bits(jax.random.PRNGKey(3), (4,))),
    case("uniform", on_key(lambda k: jax.random.uniform(k, (1000,))), SEED),
    case("uniform_range", on_key(lambda k: jax.random.uniform(k, (99,), minval=-2, maxval=2)), SEED),
    case("uniform_half", on_key(lambda k: jax.random.uniform(k, (99,), jnp.float16)), SEED),
    case("uniform_bfloat16", on_key(lambda k: jax.random.uniform(k, (99,), jnp.bfloat16)), SEED),
    case("randint", on_key(lambda k: jax.random.randint(k, (500,), -7, 1000)), SEED),
    case("randint_int8", on_key(lambda k: jax.random.randint(k, (500,), -7, 100, jnp.int8)), SEED),
    case("permutation", on_key(lambda k: jax.random.permutation(k, 1000)), SEED),
    case("shuffle_rows", on_key(lambda k: jax.random.permutation(k, jnp.eye(17), axis=1)), SEED),
    case("choice", on_key(lambda k: jax.random.choice(k, 50, (20,), replace=False)), SEED),
    case("bernoulli", on_key(lambda k: jax.random.bernoulli(k, 0.3, (777,))), SEED),
    case("rademacher", on_key(lambda k: jax.random.rademacher(k, (77,))), SEED),
    case("vmapped", on_key(lambda k: jax.vmap(lambda k: jax.random.bits(k, (5,)))(jax.random.split(k, 9))), SEED),
    case("in_scan", on_key(lambda k: jax.lax.scan(lambda k, _: (jax.random.fold_in(k, 1), jax.random.bits(k, (3,))), k, length=20)[1]), SEED),
    case("empty", on_key(lambda k: jax.random.bits(k, (0, 3))), SEED),
    case("scalar", on_key(lambda k: jax.random.bits(k, ())), SEED),
    case("odd_count", on_key(lambda k: jax.random.bits(k, (7,))), SEED),
    case("rbg_bits", on_key(lambda k: jax.random.bits(k, (33, 7)), "rbg"), SEED),
    case("rbg_uniform", on_key(lambda k: jax.random.uniform(k, (101,)), "rbg"), SEED),
    case("rbg_split", on_key(lambda k: jax.random.bits(jax.random.split(k)[1], (9,)), "rbg"), SEED),
    case("unsafe_rbg", on_key(lambda k: jax.random.bits(jax.random.split(k)[1], (9,)), "unsafe_rbg"), SEED),
]  # fmt: skip

ROUNDED = [
    case("normal", on_key(lambda k: jax.random.normal(k, (2000,))), SEED),
    case("normal_bfloat16", on_key(lambda k: jax.random.normal(k, (200,), jnp.bfloat16)), SEED),
    case("truncated", on_key(lambda k: jax.random.truncated_normal(k, -1, 1, (300,))), SEED),
    case("exponential", on_key(lambda k: jax.random.exponential(k, (300,))), SEED),
    case("gumbel", on_key(lambda k: jax.random.gumbel(k, (300,))), SEED),
    case("laplace", on_key(lambda k: jax.random.laplace(k, (300,))), SEED),
    case("logistic", on_key(lambda k: jax.random.logistic(k, (300,))), SEED),
    case("cauchy", on_key(lambda k: jax.random.cauchy(k, (300,))), SEED),
    case("dirichlet", on_key(lambda k: jax.random.dirichlet(k, jnp.ones(4), (20,))), SEED),
    case("gamma", on_key(lambda k: jax.random.gamma(k, 2.5, (50,))), SEED),
    case("beta", on_key(lambda k: jax.random.beta(k, 2.0, 3.0, (50,))), SEED),
    case("multivariate", on_key(lambda k: jax.random.multivariate_normal(k, jnp.zeros(3), jnp.eye(3) + 0.5, (40,))), SEED),
    case("orthogonal", on_key(lambda k: jax.random.orthogonal(k, 6)), SEED),
]  # fmt: skip

DISCRETE = [
    case("categorical", on_key(lambda k: jax.random.categorical(k, jnp.arange(5.0), shape=(300,))), SEED),
    case("poisson", on_key(lambda k: jax.random.poisson(k, 3.0, (100,))), SEED),
    case("dropout", on_key(lambda k: jnp.where(jax.random.bernoulli(k, 0.9, (50, 60)), 1.0, 0.0)), SEED),
]  # fmt: skip


@pytest.mark.compat
@pytest.mark.parametrize("case", EXACT + DISCRETE, ids=str)
def test_exact(case):
    check(case.fn, *case.args, exact=True)


@pytest.mark.compat
@pytest.mark.parametrize("case", ROUNDED, ids=str)
def test_rounded(case):
    # The same bits pass through functions whose last digits differ.
    check(case.fn, *case.args, precise=False, tolerance=2e-2 if "bfloat16" in case.name else 2e-5)


def test_known_bits():
    """Test vectors of Threefry-2x32 with 20 rounds (Random123, kat_vectors)."""
    from jax.extend.random import threefry2x32_p

    zeros, ones = np.uint32(0), np.uint32(0xFFFFFFFF)
    pi = [np.uint32(x) for x in (0x13198A2E, 0x03707344, 0x243F6A88, 0x85A308D3)]

    def fn(k1, k2, x1, x2):
        return threefry2x32_p.bind(k1, k2, x1, x2)

    for arguments, expected in (
        ((zeros,) * 4, (0x6B200159, 0x99BA4EFE)),
        ((ones,) * 4, (0x1CB996FC, 0xBB002BE7)),
        (pi, (0xC4923A9C, 0x483DF7A0)),
    ):
        got = run(SUBJECT, fn, *arguments)
        assert tuple(int(g) for g in got) == expected


@pytest.mark.parametrize("name", ["bits", "uniform", "randint", "normal"])
def test_64_bit(name):
    draw = {
        "bits": lambda k: jax.random.bits(k, (50,), jnp.uint64),
        "uniform": lambda k: jax.random.uniform(k, (50,), jnp.float64),
        "randint": lambda k: jax.random.randint(k, (50,), -(2**40), 2**50, jnp.int64),
        "normal": lambda k: jax.random.normal(k, (50,), jnp.float64),
    }[name]
    with x64():
        check(on_key(draw), SEED, exact=name != "normal")
