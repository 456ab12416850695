"""Matrix products in every form of dot_general."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from ..harness import SUBJECT, case, check, run, x64
from .values import integers, normal


def dot(x, y, contract, batch=((), ()), **options):
    return lax.dot_general(x, y, (contract, batch), **options)


def layer(x, w, b, residual):
    return jax.nn.gelu(x @ w + b) + residual


def momentum(state, x, y):
    """A step that updates weights and moments by the gradient of a layer."""
    (w, b), m = state

    def loss(w):
        return (jnp.tanh(x @ w + b) - y).mean()

    gradient = jax.grad(loss)(w)
    m = m * 0.9 + gradient
    return (w - 0.5 * m, b), m


def heads(a, v, residual):
    """Heads between rows and features, as attention leaves them."""
    mixed = jnp.einsum("bhqk,bhkd->bqhd", a, v)
    return mixed, mixed.reshape(*residual.shape) * 2 + residual


A, B = normal(37, 53), normal(53, 29, seed=1)
BATCHED, BATCHED2 = normal(4, 3, 17, 23), normal(4, 3, 23, 11, seed=1)

CASES = [
    case("plain", jnp.matmul, A, B),
    case("transposed", lambda a, b: (a.T.T @ b, (b.T @ a.T), a @ a.T, a.T @ a), A, B),
    case("vectors", lambda a, v: (a @ v, v @ a.T, v @ v, jnp.outer(v, v)), A, normal(53)),
    case("batched", jnp.matmul, BATCHED, BATCHED2),
    case("batch_in_the_middle", lambda x: dot(x, x, ((0,), (0,)), ((2,), (2,))), BATCHED),
    case("several_contracted", lambda x: dot(x, x, ((1, 3), (1, 3)), ((0,), (0,))), BATCHED),
    case("contract_all", lambda x: dot(x, x * 2, ((0, 1, 2, 3), (0, 1, 2, 3))), BATCHED),
    case("no_contraction", lambda a, v: dot(a, v, ((), ())), A[:3, :4], normal(5)),
    case("scalars", lambda a, b: dot(a, b, ((), ())), np.float32(2), np.float32(3)),
    case("one_row", jnp.matmul, normal(1, 300), normal(300, 200)),
    case("one_column", jnp.matmul, normal(300, 200), normal(200, 1)),
    case("long_inner", jnp.matmul, normal(5, 4001), normal(4001, 7)),
    case("inner_one", jnp.matmul, normal(33, 1), normal(1, 65)),
    case("inner_empty", jnp.matmul, normal(3, 0), normal(0, 5)),
    case("outer_empty", jnp.matmul, normal(0, 4), normal(4, 5)),
    case("batch_empty", jnp.matmul, normal(0, 4, 3), normal(0, 3, 2)),
    case("epilogue", lambda a, b, v: jax.nn.relu(a @ b + v) * 2, A, B, normal(29)),
    case("layer", layer, A, B, normal(29), normal(37, 29, seed=2)),
    case("layer_of_few_rows", layer, A[:3], B, normal(29), normal(3, 29, seed=2)),
    case(
        "layer_of_many_terms", layer, normal(8, 4001), normal(4001, 12), normal(12), normal(8, 12)
    ),
    case("layer_in_place", layer, A, B, normal(29), normal(37, 29, seed=2), donate=(3,)),
    case(
        "layer_gradient",
        lambda *args: jax.grad(lambda *args: (layer(*args) ** 2).sum(), (0, 1, 2, 3))(*args),
        A,
        B,
        normal(29),
        normal(37, 29, seed=2),
    ),
    case("update", momentum, ((B, normal(29)), B * 3), A, normal(37, 29, seed=2), donate=(0,)),
    case("masked", lambda a, b: jnp.tril(a @ b) > 0.5, A, B),
    case("halves", lambda a, b: (a @ b).astype(jnp.float16) / 2, A, B),
    case("heads", heads, BATCHED, BATCHED2[..., :8], normal(4, 17, 24)),
    case("prologue", lambda a, b: jnp.tanh(a) @ jnp.exp(-b * b), A, B),
    case("residual", lambda a, b, c: c + a @ b, A, B, normal(37, 29)),
    case("chain", lambda a, b: (a @ b) @ (b.T @ a.T), A, B),
    case("integers", jnp.matmul, integers(9, 20, low=-9), integers(20, 8, low=-9)),
    case(
        "small_integers", jnp.matmul, integers(9, 20, dtype="uint8"), integers(20, 8, dtype="uint8")
    ),
    case(
        "int8_to_int32",
        lambda a, b: lax.dot(a, b, preferred_element_type=jnp.int32),
        integers(9, 300, low=-128, high=128, dtype="int8"),
        integers(300, 8, low=-128, high=128, dtype="int8"),
    ),
    case("bool", lambda a, b: a @ b, integers(5, 6, high=2) > 0, integers(6, 4, high=2) > 0),
    case("complex", lambda z: (z @ z.T, z.conj().T @ z), normal(13, 21, dtype=np.complex64)),
    case("gradient", lambda a, b: jax.grad(lambda a, b: ((a @ b) ** 2).sum(), (0, 1))(a, b), A, B),
    case(
        "attention",
        lambda q, k, v: jax.nn.softmax(q @ k.swapaxes(-1, -2) / 8) @ v,
        BATCHED,
        BATCHED[::-1],
        BATCHED * 2,
    ),
    case("einsum_trace", lambda x: jnp.einsum("abii->ba", x[..., :17]), BATCHED),
    case(
        "einsum_three", lambda x, y: jnp.einsum("abij,abjk,abil->akl", x, y, x), BATCHED, BATCHED2
    ),
    case("tensordot", lambda x, y: jnp.tensordot(x, y, ((1, 3), (1, 2))), BATCHED, BATCHED2),
    case("kron", lambda a: jnp.kron(a[:3, :4], a[:2, :5]), A),
]


@pytest.mark.compat
@pytest.mark.parametrize("case", CASES, ids=str)
def test_dot(case):
    check(case.fn, *case.args)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_narrow_floats(dtype):
    a, b = normal(40, 300, dtype=dtype), normal(300, 30, dtype=dtype)

    def fn(a, b):
        wide = lax.dot(a, b, preferred_element_type=jnp.float32)
        return {"same": a @ b, "wide": wide, "batched": jnp.stack([a, -a]) @ b}

    got = run(SUBJECT, fn, a, b)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    scale = np.abs(exact).max()
    assert np.abs(got["wide"] - exact).max() <= 1e-5 * scale
    narrow = {"bfloat16": 1e-2, "float16": 2e-3}[dtype]
    assert np.abs(got["same"].astype(np.float64) - exact).max() <= narrow * scale
    assert np.abs(got["batched"][1].astype(np.float64) + exact).max() <= narrow * scale


def test_float32_is_full_precision():
    """No platform may round the operands to fewer bits by default."""
    a, b = 1 + normal(64, 64) * 1e-4, normal(64, 64)
    got = run(SUBJECT, jnp.matmul, a, b)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    assert np.abs(got - exact).max() <= 2e-6 * np.abs(exact).max()


def test_algorithm():
    check(lambda a, b: lax.dot(a, b, precision=lax.DotAlgorithmPreset.F32_F32_F32), A, B)


def test_mixed_types():
    check(lambda a, b: jnp.matmul(a, b), A.astype(np.float16), B, tolerance=1e-3)


@pytest.mark.parametrize("dtype", ["float64", "complex128", "int64", "uint64"])
def test_wide_types(dtype):
    make = normal if np.dtype(dtype).kind in "fc" else integers
    with x64():
        check(jnp.matmul, make(31, 45, dtype=dtype), make(45, 12, dtype=dtype))


def test_nan_and_inf_propagate():
    a = A.copy()
    a[0, 0], a[5, 7] = np.nan, np.inf
    check(lambda a, b: a @ jnp.abs(b), a, B)
