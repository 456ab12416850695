"""Elementwise ops: ulp bounds against double precision, exact integers, special values."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import scipy.special as sp
from jax import lax

from ..harness import MODE, SUBJECT, check, check_ulp, run, ulp_error, x64
from . import values

FLOATS = ("float32", "float16", "bfloat16")
INTS = ("int8", "int16", "int32", "uint8", "uint16", "uint32")
INTS64 = ("int64", "uint64")


@dataclasses.dataclass(frozen=True)
class Op:
    """A float op with its reference.

    ulp: the bound for float32.
    narrow: that for float16 and bfloat16, which an op computes wider and rounds once; functions
        that JAX sends as several ops round after each.
    double: that for float64, whose reference has an error of its own.
    floor: results smaller than this are measured in units of it (near a zero of the function).
    domain: the range of finite inputs that are tested, where the function has no meaning outside.
    """

    fn: Callable
    reference: Callable
    ulp: float
    floor: float = 0.0
    domain: tuple[float, float] = (-np.inf, np.inf)
    signed_zero: bool = True
    narrow: float = 0.6
    double: float = 12.0

    def bound(self, dtype: str) -> float:
        if self.ulp == 0:
            return 0
        return {"float32": self.ulp, "float64": self.double}.get(dtype, self.narrow)


def half_away(x):
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def logistic(x):
    return np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x)))


UNARY = {
    "abs": Op(lax.abs, np.abs, 0),
    "neg": Op(lax.neg, np.negative, 0),
    "sign": Op(lax.sign, np.sign, 0, signed_zero=False),
    "floor": Op(lax.floor, np.floor, 0),
    "ceil": Op(lax.ceil, np.ceil, 0),
    "round_half_away": Op(lax.round, half_away, 0),
    "round_half_even": Op(lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN), np.round, 0),
    "square": Op(lax.square, np.square, 0.51),
    "cube": Op(lambda x: lax.integer_pow(x, 3), lambda x: x**3, 1.6, narrow=1.6),
    "reciprocal": Op(lax.reciprocal, np.reciprocal, 0.51),
    "sqrt": Op(lax.sqrt, np.sqrt, 0.51),
    "rsqrt": Op(lax.rsqrt, lambda x: 1 / np.sqrt(x), 2),
    "cbrt": Op(lax.cbrt, np.cbrt, 3),
    "exp": Op(lax.exp, np.exp, 3),
    "exp2": Op(lax.exp2, np.exp2, 100, narrow=100, double=100),
    "expm1": Op(lax.expm1, np.expm1, 5, narrow=3),
    "log": Op(lax.log, np.log, 3),
    "log1p": Op(lax.log1p, np.log1p, 4, double=150),
    "sin": Op(lax.sin, np.sin, 3),
    "cos": Op(lax.cos, np.cos, 3),
    "tan": Op(lax.tan, np.tan, 5),
    "tanh": Op(lax.tanh, np.tanh, 6),
    "sinh": Op(lax.sinh, np.sinh, 30, double=30),
    "cosh": Op(lax.cosh, np.cosh, 30, double=30),
    "asin": Op(lax.asin, np.arcsin, 5, narrow=2),
    "acos": Op(lax.acos, np.arccos, 5, narrow=2),
    "atan": Op(lax.atan, np.arctan, 4),
    "asinh": Op(lax.asinh, np.arcsinh, 6, narrow=2),
    "acosh": Op(lax.acosh, np.arccosh, 6, narrow=2),
    "atanh": Op(lax.atanh, np.arctanh, 6, narrow=2, double=150),
    "logistic": Op(lax.logistic, logistic, 5, narrow=2.5),
    "erf": Op(lax.erf, sp.erf, 6),
    "erfc": Op(lax.erfc, sp.erfc, 64, domain=(-9, 9), double=64),
    "erf_inv": Op(lax.erf_inv, sp.erfinv, 16, domain=(-1, 1), double=64, signed_zero=False),
    "lgamma": Op(lax.lgamma, sp.gammaln, 24, floor=1, domain=(0.01, 6e3), double=24),
    "digamma": Op(lax.digamma, sp.digamma, 16, floor=1, domain=(0.01, 6e3)),
    "bessel_i0e": Op(lax.bessel_i0e, sp.i0e, 16, domain=(-1e3, 1e3)),
    "bessel_i1e": Op(lax.bessel_i1e, sp.i1e, 16, domain=(-1e3, 1e3), signed_zero=False),
}

BINARY = {
    "add": Op(lax.add, np.add, 0.51),
    "sub": Op(lax.sub, np.subtract, 0.51),
    "mul": Op(lax.mul, np.multiply, 0.51),
    "div": Op(lax.div, np.divide, 0.51),
    "rem": Op(lax.rem, np.fmod, 0),
    "max": Op(lax.max, np.maximum, 0, signed_zero=False),
    "min": Op(lax.min, np.minimum, 0, signed_zero=False),
    "pow": Op(lax.pow, np.power, 5, signed_zero=False),
    "atan2": Op(lax.atan2, np.arctan2, 5),
}


def within(op: Op, x: np.ndarray) -> np.ndarray:
    low, high = op.domain
    wide = x.astype(np.float64)
    inside = (wide >= low) & (wide <= high)
    if op.domain == (-np.inf, np.inf):
        inside |= np.isnan(wide)
    if MODE == "cpu":
        # XLA:CPU flushes subnormal inputs to zero.
        inside &= (wide == 0) | ~(np.abs(wide) < float(ml_dtypes.finfo(x.dtype).tiny))
    return inside


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", UNARY)
def test_unary(name, dtype):
    op = UNARY[name]
    x = values.spread(dtype)
    x = x[within(op, x)]
    if op.floor:
        got = run(SUBJECT, op.fn, x)
        exact = op.reference(x.astype(np.float64))
        unit = float(ml_dtypes.finfo(dtype).eps) * np.maximum(np.abs(exact), op.floor)
        assert np.max(np.abs(got.astype(np.float64) - exact) / unit) <= op.bound(dtype)
        return
    check_ulp(op.fn, op.reference, x, ulp=op.bound(dtype), signed_zero=op.signed_zero)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", BINARY)
def test_binary(name, dtype):
    op = BINARY[name]
    x, y = values.pairs(dtype)
    keep = within(op, x) & within(op, y)
    x, y = x[keep], y[keep]
    check_ulp(op.fn, op.reference, x, y, ulp=op.bound(dtype), signed_zero=op.signed_zero)


@pytest.mark.parametrize("name", [n for n in UNARY if n not in ("round_half_away",)])
def test_unary_float64(name):
    op = UNARY[name]
    x = values.spread("float64")
    x = x[within(op, x)]
    x = x[~((x != 0) & (np.abs(x) < 1e-300))]
    with x64():
        got = run(SUBJECT, op.fn, x)
    with np.errstate(all="ignore"):
        exact = op.reference(x)
    if op.floor:
        unit = 2.0**-52 * np.maximum(np.abs(exact), op.floor)
        error = np.abs(got - exact) / unit
    else:
        error = ulp_error(got, exact)
    worst = int(np.argmax(error))
    assert error[worst] <= op.bound("float64"), (error[worst], x[worst], got[worst], exact[worst])


@pytest.mark.compat
@pytest.mark.parametrize("dtype", FLOATS)
def test_comparisons(dtype):
    x, y = values.pairs(dtype)
    got = run(
        SUBJECT,
        lambda x, y: (x == y, x != y, x < y, x <= y, x > y, x >= y, lax.is_finite(x)),
        x,
        y,
    )
    a, b = x.astype(np.float64), y.astype(np.float64)
    expected = (a == b, a != b, a < b, a <= b, a > b, a >= b, np.isfinite(a))
    flushed = (np.abs(a) < float(ml_dtypes.finfo(dtype).tiny)) if MODE == "cpu" else False
    flushed |= (np.abs(b) < float(ml_dtypes.finfo(dtype).tiny)) if MODE == "cpu" else False
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_array_equal(g | flushed, e | flushed)


@pytest.mark.parametrize("dtype", FLOATS)
def test_nextafter(dtype):
    x, y = values.pairs(dtype)
    if MODE == "cpu":
        keep = within(BINARY["add"], x) & within(BINARY["add"], y)
        x, y = x[keep], y[keep]
    check(lax.nextafter, x, y, tolerance=0, reference=np.nextafter(x, y))


def integer_ops(x, y):
    bits = jnp.iinfo(x.dtype).bits
    shift = y & (bits - 1)
    return {
        "add": x + y,
        "sub": x - y,
        "mul": x * y,
        "div": lax.div(x, y),
        "rem": lax.rem(x, y),
        "floor_divide": x // y,
        "mod": x % y,
        "max": lax.max(x, y),
        "min": lax.min(x, y),
        "and": x & y,
        "or": x | y,
        "xor": x ^ y,
        "not": ~x,
        "neg": -x,
        "abs": jnp.abs(x),
        "sign": lax.sign(x),
        "population_count": lax.population_count(x),
        "clz": lax.clz(x),
        "shift_left": lax.shift_left(x, shift),
        "shift_right_logical": lax.shift_right_logical(x, shift),
        "shift_right_arithmetic": lax.shift_right_arithmetic(x, shift),
        "shift_too_far": lax.shift_left(x, x | bits),
        "pow": lax.integer_pow(x, 5),
        "less": x < y,
        "equal": x == y,
        "clamp": lax.clamp(x.dtype.type(3), x, x.dtype.type(60)),
        "select": jnp.where(x < y, x, y),
    }


@pytest.mark.parametrize("dtype", INTS)
def test_integers(dtype):
    check(integer_ops, *values.pairs(dtype), exact=True)


@pytest.mark.parametrize("dtype", INTS64)
def test_integers_64(dtype):
    with x64():
        check(integer_ops, *values.pairs(dtype), exact=True)


def test_booleans():
    x, y = np.meshgrid(*[np.array([False, True])] * 2)

    def fn(x, y):
        return x & y, x | y, x ^ y, ~x, x < y, x == y, jnp.where(x, y, ~y), lax.max(x, y)

    check(fn, x, y, exact=True)


COMPLEX = {
    "add": lambda z, w: z + w,
    "mul": lambda z, w: z * w,
    "div": lambda z, w: z / w,
    "parts": lambda z, w: (z.real, w.imag, z.conj(), lax.complex(z.real, w.imag)),
    "abs": lambda z, w: jnp.abs(z),
    "angle": lambda z, w: jnp.angle(z),
    "sign": lambda z, w: lax.sign(z),
    "exp": lambda z, w: jnp.exp(z),
    "log": lambda z, w: jnp.log(z),
    "sqrt": lambda z, w: jnp.sqrt(z),
    "rsqrt": lambda z, w: lax.rsqrt(z),
    "sin": lambda z, w: jnp.sin(z),
    "cos": lambda z, w: jnp.cos(z),
    "tanh": lambda z, w: jnp.tanh(z),
    "expm1": lambda z, w: jnp.expm1(z),
    "log1p": lambda z, w: jnp.log1p(z),
    "pow": lambda z, w: z**w,
    "equal": lambda z, w: (z == w, z != w, jnp.isfinite(z)),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex64(name):
    z, w = (values.normal(31, 17, dtype=np.complex64, seed=seed) for seed in (0, 1))
    z[0, 0], w[3, 3] = 1 + 0j, 0.5j
    check(COMPLEX[name], z, w)


@pytest.mark.parametrize("name", ("mul", "div", "abs", "exp", "sqrt"))
def test_complex128(name):
    z, w = (values.normal(31, 17, dtype=np.complex128, seed=seed) for seed in (0, 1))
    with x64():
        check(COMPLEX[name], z, w)


def test_complex_abs_does_not_overflow():
    z = np.array([3e38 + 1e38j, 1e-30 + 1e-30j, 0j], np.complex64)
    got = run(SUBJECT, jnp.abs, z)
    np.testing.assert_allclose(got, np.abs(z.astype(np.complex128)), rtol=1e-6)


CONVERSIONS = (*FLOATS, *INTS, "bool")


@pytest.mark.parametrize("source", CONVERSIONS)
def test_convert(source):
    """Values that the target can hold, and infinities between floats."""
    if source in FLOATS:
        x = np.array([0.0, -0.0, 0.5, 1.0, 1.5, 2.5, 99.0, 120.9, 3.4e-5]).astype(source)
    else:
        x = values.special(source)

    def fn(x):
        return {target: x.astype(target) for target in CONVERSIONS}

    check(fn, x, exact=True)


def test_convert_between_floats():
    x = values.spread("float32")

    def fn(x):
        return x.astype(jnp.float16), x.astype(jnp.bfloat16), x.astype(jnp.bfloat16) * 1

    got = run(SUBJECT, fn, x)
    with np.errstate(all="ignore"):
        f16, bf16 = x.astype(np.float16), x.astype(ml_dtypes.bfloat16)
    for g, e in zip(got, (f16, bf16, bf16), strict=True):
        # Subnormal results may be flushed.
        flushed = np.abs(e.astype(np.float64)) < float(ml_dtypes.finfo(e.dtype).tiny)
        same = (g == e) | (np.isnan(g) & np.isnan(e)) | flushed
        assert same.all()


def test_convert_saturates():
    """Floats beyond an integer's range go to its nearest end, and NaN to zero."""
    x = np.array([1e20, -1e20, np.inf, -np.inf, np.nan, 300.5, -300.5], np.float32)
    got = run(SUBJECT, lambda x: {t: x.astype(t) for t in ("int32", "uint32", "int8", "uint8")}, x)
    for target, g in got.items():
        info = np.iinfo(target)
        expected = np.nan_to_num(np.clip(x.astype(np.float64), info.min, info.max), nan=0.0)
        np.testing.assert_array_equal(g, expected.astype(target), err_msg=target)


def test_bitcast():
    x = values.spread("float32")[:1024]

    def fn(x):
        words = lax.bitcast_convert_type(x, jnp.uint32)
        return words, lax.bitcast_convert_type(words, jnp.uint8), x.view(jnp.int16)

    check(fn, x, exact=True)


def test_bitcast_of_less_than_a_byte():
    """Elements of 4 bits take a byte each, so their bitcasts join and part bits."""
    x = np.arange(-8, 8).reshape(4, 2, 2).astype(ml_dtypes.int4)

    def fn(x):
        joined = lax.bitcast_convert_type(x, jnp.int8)
        return joined, lax.bitcast_convert_type(joined, jnp.uint4).astype(jnp.int32)

    expected = (x.view(np.uint8) & 15).astype(np.int32)
    joined = (expected[..., 0] | expected[..., 1] << 4).astype(np.uint8).view(np.int8)
    check(fn, x, exact=True, reference=(joined, expected))


def test_reduce_precision():
    x = values.spread("float32")
    x = x[np.abs(x) > 1e-30]
    check(lambda x: lax.reduce_precision(x, 5, 10), x, exact=True)


@pytest.mark.compat
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2), (7, 1, 13), (2, 3, 4, 5)])
def test_shapes(shape):
    x = values.normal(*shape)
    check(lambda x: (x * 2 + 1, jnp.tanh(x), x > 0, jnp.where(x > 0, x, -x)), x)


@pytest.mark.compat
def test_broadcasting():
    x, y = values.normal(5, 1, 7), values.normal(3, 1)
    check(lambda x, y: x * y + jnp.float32(2), x, y)


def test_long_chain():
    """More operations in one kernel than fit registers."""

    def fn(x):
        terms = [jnp.sin(x * k) * (k + 1) for k in range(40)]
        return sum(terms) / jnp.sqrt(1 + sum(t * t for t in terms))

    check(fn, values.normal(33, 65))


def test_eager_ops():
    """Without jit each op is a program of its own."""
    check(lambda x: jnp.exp(x) + x[::2].sum(), values.normal(12), jit=False)


def test_grad_of_special_functions():
    def fn(x):
        def total(x):
            return jnp.sum(lax.lgamma(x) + lax.erf(x) + lax.erf_inv(x / 10) + jax.nn.softplus(x))

        return jax.grad(total)(x)

    check(fn, np.linspace(0.1, 5, 101, dtype=np.float32))
