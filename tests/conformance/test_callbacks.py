"""Python functions that programs call: values, order, types, errors, and what they may keep."""

import gc

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax._src import dispatch
from jax.experimental import io_callback

from ..harness import HAVE_CPU, SUBJECT, case, check
from .values import integers, normal

# JAX hands functions their arguments on its cpu.
pytestmark = pytest.mark.skipif(not HAVE_CPU, reason="callbacks need platform cpu")

X = normal(5, 7)


def like(x, **changes):
    return jax.ShapeDtypeStruct(changes.get("shape", x.shape), changes.get("dtype", x.dtype))


def pure(function, x, **changes):
    return jax.pure_callback(function, like(x, **changes), x, vmap_method="expand_dims")


def sines(x):
    return pure(np.sin, x)


def of_every_type(x):
    """The function sees each type as NumPy has it, and gives it back."""

    def function(x):
        return np.asarray(x)[::-1].copy()

    return [pure(function, x.astype(dtype)) for dtype in TYPES]


TYPES = ("bool", "int8", "uint16", "int32", "uint32", "float16", "bfloat16", "float32", "complex64")

CASES = [
    case("alone", sines, X),
    case("between_kernels", lambda x: jnp.cumsum(sines(x * 2) + 1), X),
    case("twice", lambda x: sines(sines(x)), X),
    case("types", of_every_type, integers(9, low=-3, high=4).astype(np.float32)),
    case("scalar", lambda x: pure(lambda x: np.float32(x + 1), x[0, 0]), X),
    case("empty", lambda x: pure(lambda x: x, x[:0]), X),
    case(
        "several_results",
        lambda x: jax.pure_callback(
            lambda x, y: (x + y, {"sum": np.sum(x)}),
            (like(X), {"sum": like(X, shape=())}),
            x,
            x * 2,
        ),
        X,
    ),
    case("no_operands", lambda: jax.pure_callback(lambda: np.float32(3), like(X, shape=()))),
    case("in_scan", lambda x: lax.scan(lambda c, row: (sines(c) + row, c), x[0], x), X),
    case("in_cond", lambda x: lax.cond(x[0, 0] > 0, sines, lambda x: x, x), X),
    case(
        "in_while",
        lambda x: lax.while_loop(lambda c: c[0] < 4, lambda c: (c[0] + 1, sines(c[1])), (0, x)),
        X,
    ),
    case("vmap", jax.vmap(sines), X),
    case(
        "custom_gradient",
        lambda x: jax.grad(lambda x: custom(x).sum())(x),
        X,
    ),
]


@jax.custom_vjp
def custom(x):
    return sines(x)


custom.defvjp(lambda x: (sines(x), x), lambda x, g: (g * pure(np.cos, x),))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pure(case):
    check(case.fn, *case.args, **case.options)


def device():
    return jax.devices(SUBJECT)[0]


@pytest.mark.parametrize("ordered", [True, False])
def test_io_callbacks_run_once_each(ordered):
    seen = []

    def note(i, x):
        seen.append((int(i), float(x)))
        return np.float32(x * 2)

    @jax.jit
    def program(x):
        def body(i, x):
            return io_callback(note, like(X, shape=()), i, x, ordered=ordered)

        return lax.fori_loop(0, 5, body, x)

    with jax.default_device(device()):
        assert float(program(np.float32(1))) == 32
        jax.effects_barrier()
    assert seen == [(i, 2.0**i) for i in range(5)]


def test_ordered_callbacks_keep_their_order_across_programs():
    seen = []

    @jax.jit
    def program(x):
        for i in range(3):
            io_callback(lambda i, x: seen.append(int(i) + int(x)), None, i, x, ordered=True)
        return x + 10

    with jax.default_device(device()):
        x = jnp.int32(0)
        for _ in range(4):
            x = program(x)
        jax.effects_barrier()
    assert seen == [i + 10 * j for j in range(4) for i in range(3)]


def test_debug_print(capsys):
    def program(x):
        jax.debug.print("x = {x}, {}", x[1], x=x, ordered=True)
        jax.debug.callback(lambda x: print("sum", x), x.sum(), ordered=True)
        return x

    with jax.default_device(device()):
        jax.jit(program)(jnp.arange(3))
        jax.effects_barrier()
    assert capsys.readouterr().out == "x = [0 1 2], 1\nsum 3\n"


def test_arguments_may_be_kept():
    kept = []

    def keep(x):
        kept.append(x)
        return x

    with jax.default_device(device()):
        program = jax.jit(lambda x: pure(keep, x * 2) + pure(keep, x * 3))
        for i in range(3):
            program(np.full(1000, i, np.float32)).block_until_ready()
    totals = sorted(float(np.sum(x)) for x in kept)
    assert totals == [0, 0, 2000, 3000, 4000, 6000]


def test_functions_live_as_long_as_their_programs():
    with jax.default_device(device()):
        compiled = jax.jit(lambda x: pure(lambda x: x + 1, x)).lower(X).compile()
        jax.clear_caches()
        gc.collect()
        np.testing.assert_array_equal(compiled(jax.device_put(X, device())), X + 1)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (lambda x: x[:2], "Incorrect output shape"),
        (lambda x: x.astype(np.int32), "Incorrect output dtype"),
    ],
)
def test_errors_reach_the_caller(function, message):
    with jax.default_device(device()):
        program = jax.jit(lambda x: pure(function, x))
        with pytest.raises(Exception, match=message):
            program(X).block_until_ready()
            jax.effects_barrier()
        dispatch.runtime_tokens.clear()
        # The device goes on.
        assert float(jax.jit(jnp.sum)(np.ones(3, np.float32))) == 3


def test_effects_are_neither_shared_nor_moved():
    hits = []

    def hit(*_):
        hits.append(1)

    def repeated(x):
        def body(i, c):
            jax.debug.callback(hit, x)
            return c + 1

        return lax.fori_loop(0, 7, body, x)

    def branch(x):
        return lax.cond(x > 0, lambda x: (jax.debug.callback(hit), x)[1], lambda x: x, x)

    def twice(x):
        jax.debug.callback(hit, x)
        jax.debug.callback(hit, x)
        return x

    with jax.default_device(device()):
        for program, expected in ((repeated, 7), (branch, 1), (twice, 2)):
            hits.clear()
            jax.jit(program)(np.float32(1))
            jax.effects_barrier()
            assert len(hits) == expected, program.__name__
