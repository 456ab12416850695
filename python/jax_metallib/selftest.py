"""`python -m jax_metallib.selftest` checks this machine's device against JAX on the CPU.

Prints a report to attach to an issue: what is installed, a line for each of some small programs,
two timings. The exit status is 0 if every program agrees, else 1.
"""

import dataclasses
import os
import platform
import sys
import time
from collections.abc import Callable

import numpy as np

from . import info

# Largest relative difference between two right answers, by the type that is computed in.
TOLERANCE = {"float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2, "complex64": 2e-5}

_FINITE = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -2.5,
    3.0,
    1e-6,
    -1e-30,
    1e-37,
    88.0,
    -104.0,
    1e5,
    3e38,
    -3e38,
]
# No subnormal numbers: devices may take them for zeros.
SPECIAL = np.array([*_FINITE, np.inf, -np.inf, np.nan], np.float32)


@dataclasses.dataclass(frozen=True)
class Check:
    """A program.

    make: returns the function and its arguments; gets `jax`, which is imported late.
    tolerance: how far results may be off, relatively; None for that of their type.
    elementwise: relative to each element, else to the largest of the array.
    """

    name: str
    make: Callable
    tolerance: float | None = None
    elementwise: bool = False


CHECKS: list[Check] = []


def check(name: str, **options):
    """Decorates the `make` of a check."""

    def register(make):
        CHECKS.append(Check(name, make, **options))
        return make

    return register


def _normal(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def _integers(*shape, low=-1000, high=1000, dtype=np.int32, seed=0):
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def _unary(*names):
    """Functions of one operand at special values."""
    for name in names:

        def make(jax, name=name):
            module = jax.numpy if hasattr(jax.numpy, name) else jax.lax
            return getattr(module, name), (SPECIAL,)

        CHECKS.append(Check(f"{name} at special values", make, elementwise=True))


_unary("exp", "expm1", "log", "log1p", "tanh", "sqrt", "rsqrt", "floor", "sign", "erf")


@check("sine and cosine", elementwise=True, tolerance=1e-4)
def _(jax):
    x = np.linspace(-20, 20, 1001, dtype=np.float32)
    return lambda x: (jax.numpy.sin(x), jax.numpy.cos(x)), (x,)


@check("arithmetic at special values", elementwise=True)
def _(jax):
    a, b = np.meshgrid(SPECIAL, SPECIAL)

    def fn(a, b):
        return a + b, a - b, a * b, jax.numpy.maximum(a, b), jax.numpy.minimum(a, b), a < b

    return fn, (a, b)


@check("division and powers", elementwise=True, tolerance=1e-4)
def _(jax):
    a, b = np.abs(_normal(500)) + 0.1, _normal(500, seed=1)
    return lambda a, b: (b / a, a**b, jax.numpy.arctan2(a, b)), (a, b)


@check("integer arithmetic")
def _(jax):
    a, b = _integers(777), _integers(777, low=1, seed=1)
    return lambda a, b: (a * b, a // b, a % b, a ^ b, a << (b % 40), jax.lax.clz(a)), (a, b)


@check("small integers and booleans")
def _(jax):
    a, b = _integers(333, dtype=np.int8), _integers(333, dtype=np.int8, seed=1)
    return lambda a, b: (a + b, a * b, (a > b) & (b > 0), a.astype(np.uint8) >> 3), (a, b)


@check("conversions")
def _(jax):
    def fn(x):
        half, brain = x.astype(np.float16), x.astype(jax.numpy.bfloat16)
        return half, brain, x.astype(np.int32), half.astype(np.float32), x.astype(bool)

    return fn, (_normal(301) * 100,)


@check("rounding to narrow floats", elementwise=True, tolerance=0.0)
def _(jax):
    # Some drivers take the way to a narrow type and back for nothing.
    def fn(x):
        half, brain = x.astype(np.float16), x.astype(jax.numpy.bfloat16)
        return half.astype(np.float32) * 2, brain.astype(np.float32) * 2

    return fn, (np.array([0.1, -1.0 / 3, 1e5, -3e38, 6e4, *_normal(100)], np.float32),)


@check("transposes and slices")
def _(jax):
    def fn(x):
        y = jax.numpy.transpose(x, (2, 0, 1))
        return y, y[::2, ::-1], jax.numpy.pad(x, ((1, 2), (0, 0), (3, 1))), x.reshape(21, 15)

    return fn, (_normal(9, 5, 7),)


@check("reductions")
def _(jax):
    def fn(x):
        return x.sum(), x.sum(0), x.max(1), x.argmax(1), x.mean(), (x > 3).any(1)

    return fn, (_normal(301, 1025),)


@check("integer reductions")
def _(jax):
    return lambda x: (x.sum(0), x.max(), x.min(1), x.argmin(0)), (_integers(57, 129),)


@check("softmax and layer norm")
def _(jax):
    def fn(x):
        centred = x - x.mean(-1, keepdims=True)
        return jax.nn.softmax(x), centred / jax.numpy.sqrt(x.var(-1, keepdims=True) + 1e-5)

    return fn, (_normal(65, 513),)


def _matmul(dtype):
    @check(f"matrix product, {dtype}", tolerance=TOLERANCE[dtype])
    def _(jax):
        a, b = _normal(130, 257), _normal(257, 67, seed=1)
        cast = getattr(jax.numpy, dtype)
        return lambda a, b: (a.astype(cast) @ b.astype(cast)).astype(np.float32), (a, b)


for _dtype in ("float32", "float16", "bfloat16"):
    _matmul(_dtype)


@check("batched products")
def _(jax):
    def fn(a, b):
        return jax.numpy.einsum("bij,bjk->bki", a, b)

    return fn, (_normal(5, 33, 17), _normal(5, 17, 65, seed=1))


@check("convolution and its gradient", tolerance=1e-4)
def _(jax):
    def convolve(x, w):
        numbers = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(x, w, (2, 1), "SAME", dimension_numbers=numbers)

    gradient = jax.grad(lambda x, w: (convolve(x, w) ** 2).mean(), (0, 1))
    return lambda x, w: (convolve(x, w), gradient(x, w)), (
        _normal(3, 17, 16, 5),
        _normal(3, 3, 5, 9),
    )


@check("pooling and its gradient")
def _(jax):
    def pool(x):
        return jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    return lambda x: (pool(x), jax.grad(lambda x: pool(x).sum())(x)), (_normal(2, 16, 16, 3),)


@check("scan", tolerance=1e-4)
def _(jax):
    def fn(w, xs):
        def step(h, x):
            h = jax.numpy.tanh(h @ w + x)
            return h, h.sum()

        return jax.lax.scan(step, jax.numpy.zeros(32), xs)

    return fn, (_normal(32, 32) / 6, _normal(40, 32))


@check("loops and branches")
def _(jax):
    def fn(n, x):
        x = jax.lax.while_loop(lambda s: s[0] > 0, lambda s: (s[0] - 1, s[1] * 3 + 1), (n, x))[1]
        return jax.lax.switch(n % 3, [lambda x: x + 1, lambda x: x * 2, lambda x: -x], x)

    return fn, (np.int32(13), _integers(50))


@check("running sums", tolerance=1e-4)
def _(jax):
    return lambda x: (jax.numpy.cumsum(x, 1), jax.lax.cummax(x, axis=0)), (_normal(40, 300),)


@check("sort and top-k")
def _(jax):
    def fn(x):
        return jax.numpy.sort(x), jax.numpy.argsort(x, stable=True), jax.lax.top_k(x, 5)

    return fn, (_normal(7, 1000),)


@check("gather")
def _(jax):
    table, rows = _normal(50, 33), _integers(90, low=0, high=50)
    return lambda t, i: (t[i], jax.numpy.take_along_axis(t, i[:50, None] % 33, 1)), (table, rows)


@check("scatter", tolerance=1e-4)
def _(jax):
    def fn(table, rows, values):
        return table.at[rows].add(values), table.at[rows[:1]].set(1.0), table.at[rows].max(values)

    return fn, (_normal(50, 33), _integers(200, low=0, high=50), _normal(200, 33, seed=1))


@check("updates of slices")
def _(jax):
    def fn(x, y, at):
        return jax.lax.dynamic_update_slice(x, y, (at, at)), jax.lax.dynamic_slice(
            x, (at,) * 2, (3, 4)
        )

    return fn, (_normal(20, 20), _normal(5, 6, seed=1), np.int32(7))


@check("random bits")
def _(jax):
    key = np.array([7, 11], np.uint32)
    return lambda key: (jax.random.bits(key, (1001,)), jax.random.permutation(key, 100)), (key,)


@check("random numbers")
def _(jax):
    key = np.array([3, 5], np.uint32)
    return lambda key: (jax.random.uniform(key, (999,)), jax.random.normal(key, (999,))), (key,)


@check("complex numbers")
def _(jax):
    x = (_normal(200) + 1j * _normal(200, seed=1)).astype(np.complex64)
    return lambda x: (x * x, jax.numpy.abs(x), x / (x + 2), x.real - x.imag), (x,)


@check("Fourier transform")
def _(jax):
    return lambda x: jax.numpy.fft.rfft(x), (_normal(8, 120),)


@check("linear solve", tolerance=1e-3)
def _(jax):
    a = _normal(24, 24) + 8 * np.eye(24, dtype=np.float32)
    return lambda a, b: jax.numpy.linalg.solve(a, b), (a, _normal(24, 3))


@check("training step", tolerance=1e-4)
def _(jax):
    def loss(params, x, y):
        hidden = jax.nn.relu(x @ params["a"] + params["b"])
        return -(jax.nn.log_softmax(hidden @ params["c"]) * y).mean()

    def step(params, x, y):
        value, gradient = jax.value_and_grad(loss)(params, x, y)
        return value, jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient)

    params = {"a": _normal(20, 64) / 4, "b": _normal(64), "c": _normal(64, 10) / 8}
    return step, (params, _normal(32, 20), np.eye(10, dtype=np.float32)[np.arange(32) % 10])


def difference(ours, theirs, options: Check) -> tuple[float, float]:
    """The largest difference of two arrays and the largest allowed, both relative."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return np.inf, 0.0
    allowed = TOLERANCE.get(ours.dtype.name, 0.0)
    if ours.size == 0 or allowed == 0.0:
        return (0.0 if np.array_equal(ours, theirs) else np.inf), 0.0
    wide = np.complex128 if ours.dtype.kind == "c" else np.float64
    ours, theirs = ours.astype(wide), theirs.astype(wide)
    finite = np.isfinite(theirs)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True):
        return np.inf, allowed
    ours, theirs = ours[finite], theirs[finite]
    if not ours.size:
        return 0.0, allowed
    error, size = np.abs(ours - theirs), np.abs(theirs)
    if not options.elementwise:
        size = size.max()
    # Subnormal numbers may be taken for zeros.
    error = np.maximum(error - np.finfo(np.float32).tiny, 0.0)
    relative = np.max(error / np.maximum(size, np.finfo(np.float32).tiny))
    return float(relative), allowed if options.tolerance is None else options.tolerance


def run(jax, options: Check) -> tuple[bool, str]:
    """Whether a program agrees, and what to say about it."""
    fn, arguments = options.make(jax)
    answers = []
    for name in ("mps", "cpu"):
        device = jax.devices(name)[0]
        with jax.default_device(device):
            answers.append(jax.device_get(jax.jit(fn)(*jax.device_put(arguments, device))))
    pairs = zip(*map(jax.tree.leaves, answers), strict=True)
    found = [difference(ours, theirs, options) for ours, theirs in pairs]
    wrong = [error for error, allowed in found if not error <= allowed]
    if not wrong:
        return True, "ok"
    if np.isinf(max(wrong)):
        return False, "DIFFERENT: values, NaNs or infinities that must be equal are not"
    return False, f"DIFFERENT: by {max(wrong):.1e}, relative"


def timings(jax) -> list[str]:
    """How fast a product and a copy are, for the report only."""
    device = jax.devices("mps")[0]

    def seconds(fn, *arguments):
        arguments = jax.device_put(arguments, device)
        compiled = jax.jit(fn)
        jax.block_until_ready(compiled(*arguments))
        best = np.inf
        for _ in range(5):
            start = time.perf_counter()
            jax.block_until_ready(compiled(*arguments))
            best = min(best, time.perf_counter() - start)
        return best

    n, words = 1024, 1 << 24
    product = seconds(lambda a, b: a @ b, _normal(n, n), _normal(n, n, seed=1))
    copy = seconds(lambda x: -x, np.ones(words, np.float32))
    return [
        f"product of {n} x {n} f32: {product * 1e3:.2f} ms, {2 * n**3 / product / 1e9:.0f} GFLOP/s",
        f"copy of {4 * words >> 20} MiB: {copy * 1e3:.2f} ms, {8 * words / copy / 1e9:.1f} GB/s",
    ]


def main() -> int:
    os.environ["JAX_PLATFORMS"] = "mps,cpu"
    import jax

    for name, value in {
        **info(),
        "python": sys.version.split()[0],
        "system": platform.platform(),
    }.items():
        print(f"{name}: {value}")
    try:
        jax.devices("mps")
    except RuntimeError as error:
        print(f"platform mps cannot be used: {error}")
        return 1
    print()
    failed = 0
    for options in CHECKS:
        try:
            good, text = run(jax, options)
        except Exception as error:  # a report says what went wrong and goes on
            good, text = False, f"FAILED: {type(error).__name__}: {error}"
        failed += not good
        print(f"{options.name:32} {text}", flush=True)
    print()
    try:
        print("\n".join(timings(jax)))
    except Exception as error:
        print(f"timings FAILED: {error}")
        failed += 1
    print(f"{len(CHECKS)} programs, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
