"""Structured control flow: loops, branches, and their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from ..harness import SUBJECT, case, check, run
from .values import integers, normal

V = normal(16)
M = normal(8, 8)


def collatz(n):
    """Steps until 1, for each element alone."""

    def steps(n):
        def body(state):
            n, count = state
            return jnp.where(n % 2 == 0, n // 2, 3 * n + 1), count + 1

        return lax.while_loop(lambda state: state[0] != 1, body, (n, 0))[1]

    return jax.vmap(steps)(n)


def nested_loops(x):
    def outer(i, x):
        return lax.fori_loop(0, i, lambda j, y: y + jnp.sin(y) * j, x)

    return lax.fori_loop(0, 6, outer, x)


def in_place_updates(x):
    """A carried buffer updated at a computed place in each iteration."""

    def body(i, x):
        return x.at[(i * 7) % 16].set(x[i] + x[(i + 1) % 16])

    return lax.fori_loop(0, 16, body, x)


def swapped_carries(x, y):
    """Carries that change places may not be updated in place blindly."""
    return lax.fori_loop(0, 7, lambda i, c: (c[1], c[0] + 1), (x, y))


def same_carry_twice(x):
    return lax.fori_loop(0, 3, lambda i, c: (c[1] * 2, c[0]), (x, x))


def until_converged(x):
    """A flag that only the condition reads is a result too."""

    def body(state):
        _, _, x = state
        return jnp.abs(x).max() < 1, jnp.isnan(x).any(), x / 2

    return lax.while_loop(lambda state: ~state[0] & ~state[1], body, (False, False, x))


def carry_read_after_update(x):
    def body(i, x):
        updated = x.at[i].set(0)
        return updated + x

    return lax.fori_loop(0, 5, body, x)


def scan_sum(xs):
    return lax.scan(lambda c, x: (c + x, c * x), jnp.zeros(8), xs)


def scan_of_trees(xs):
    def step(carry, x):
        count, total = carry["n"], carry["t"]
        return {"n": count + 1, "t": total + x["a"]}, (x["b"] * count, total)

    return lax.scan(step, {"n": 0, "t": jnp.zeros(4)}, {"a": xs[:, :4], "b": xs[:, 4:]})


def rnn_loss(w, xs):
    def step(h, x):
        h = jnp.tanh(w @ h + x)
        return h, h.sum()

    h, sums = lax.scan(step, jnp.zeros(8), xs)
    return h @ h + sums.sum()


def branch_gradient(x):
    def fn(x):
        return lax.cond(x.sum() > 0, lambda x: (x**2).sum(), lambda x: (x**3).sum(), x)

    return jax.grad(fn)(x), jax.grad(fn)(-x)


CASES = [
    case("while_collatz", collatz, integers(30, low=1, high=50)),
    case("while_scalar", lambda n: lax.while_loop(lambda n: n < 1000, lambda n: n * 3, n), np.int32(2)),
    case("while_never", lambda x: lax.while_loop(lambda x: x.sum() > 1e9, lambda x: x * 2, x), V),
    case("while_captures", lambda x, m: lax.while_loop(lambda x: jnp.abs(x).max() > 1e-3, lambda x: x / (2 + m[0]), x), V, np.abs(M)[:, :1] @ np.ones((1, 16), np.float32)),
    case("fori", lambda x: lax.fori_loop(0, 10, lambda i, x: x + i, x), V),
    case("fori_dynamic_bound", lambda x, n: lax.fori_loop(2, n, lambda i, x: x * i, x), V, np.int32(7)),
    case("fori_empty_range", lambda x: lax.fori_loop(5, 2, lambda i, x: x * 0, x), V),
    case("fori_zero_trips", lambda x, n: lax.fori_loop(0, n, lambda i, x: x * 0, x), V, np.int32(0)),
    case("nested", nested_loops, V),
    case("in_place", in_place_updates, V),
    case("swapped", swapped_carries, V, V * 2),
    case("same_twice", same_carry_twice, V),
    case("read_after_update", carry_read_after_update, V),
    case("until_converged", until_converged, V * 9),
    case("argument_returned_too", lambda x: (lax.fori_loop(0, 4, lambda i, y: y.at[i].add(1), x), x), V),
    case("scan", scan_sum, M),
    case("scan_reverse", lambda xs: lax.scan(lambda c, x: (c + x, c), jnp.zeros(8), xs, reverse=True), M),
    case("scan_unrolled", lambda xs: lax.scan(lambda c, x: (c * 0.5 + x, c), jnp.zeros(8), xs, unroll=3), M),
    case("scan_of_trees", scan_of_trees, M),
    case("scan_length_zero", scan_sum, M[:0]),
    case("scan_without_inputs", lambda x: lax.scan(lambda c, _: (c * 1.1, c[0]), x, length=9), V),
    case("scan_integers_bools", lambda x: lax.scan(lambda c, x: (c ^ (x > 0), c & (x < 1)), M[0] > 0, x), M),
    case("scan_stacks_much", lambda x: lax.scan(lambda c, i: (c + i, c * i), x, jnp.arange(500.0)), V),
    case("map", lambda m: lax.map(lambda r: jnp.sort(r) * r.sum(), m), M),
    case("map_batched", lambda m: lax.map(lambda r: r @ r, m, batch_size=3), M),
    case("scan_gradient", jax.grad(rnn_loss, (0, 1)), M / 4, normal(20, 8)),
    case("scan_checkpointed", jax.grad(jax.checkpoint(rnn_loss)), M / 4, normal(20, 8)),
    case("scan_second_derivative", lambda w, xs: jax.jvp(jax.grad(rnn_loss), (w, xs), (w, xs)), M / 4, normal(5, 8)),
    case("vmapped_scan", lambda x: jax.vmap(scan_sum)(x), normal(3, 5, 8)),
    case("cond", lambda p, x: (lax.cond(p, jnp.sin, jnp.cos, x), lax.cond(~p, jnp.sin, jnp.cos, x)), np.bool_(True), V),
    case("cond_computed", lambda x: lax.cond(x.sum() > 0, lambda: x * 2, lambda: -x), V),
    case("cond_trees", lambda p, x: lax.cond(p, lambda x: (x, 1), lambda x: (x * 2, 2), x), np.bool_(False), V),
    case("cond_passes_through", lambda p, x: lax.cond(p, lambda x: x, lambda x: x + 1, x), np.bool_(True), V),
    case("cond_gradient", branch_gradient, V),
    case("vmapped_cond", jax.vmap(lambda x: lax.cond(x > 0, jnp.exp, jnp.sin, x)), V),
    *(
        case(f"switch_{i}", lambda i, x: lax.switch(i, [jnp.sin, jnp.cos, jnp.tanh, jnp.exp], x), np.int32(i), V)
        for i in (-3, 0, 2, 3, 9)
    ),
    case("switch_in_scan", lambda i, x: lax.scan(lambda c, i: (lax.switch(i, [lambda c: c + 1, lambda c: c * 2, jnp.sin], c), c[0]), x, i), integers(12, high=3), V),
    case("while_in_cond", lambda p, x: lax.cond(p, lambda x: lax.fori_loop(0, 5, lambda i, y: y * 1.1, x), lambda x: x, x), np.bool_(True), V),
    case("associative_scan", lambda m: lax.associative_scan(lambda a, b: a @ b, jnp.stack([m, m * 0.5, -m, m])), M / 3),
    case("custom_jvp", jax.grad(lambda x: jax.nn.relu(jax.nn.silu(x)).sum()), V),
    case("jacobians", lambda x: (jax.jacfwd(jnp.cumprod)(x), jax.jacrev(jnp.cumprod)(x)), V[:6]),
    case("hessian", lambda x: jax.hessian(lambda x: jnp.prod(jnp.sin(x)))(x), V[:5]),
    case("composite_calls", lambda x: jax.jit(jnp.tanh)(x) + jax.jit(jnp.tanh)(x * 2), V),
]  # fmt: skip


@pytest.mark.compat
@pytest.mark.parametrize("case", CASES, ids=str)
def test_control_flow(case):
    check(case.fn, *case.args)


@pytest.mark.compat
def test_many_iterations():
    """Counts exactly over a hundred thousand iterations."""

    def fn(n):
        return lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] + s[0] % 7), (0, 0))

    got = run(SUBJECT, fn, np.int32(100_000))
    assert got[0] == 100_000
    assert got[1] == sum(i % 7 for i in range(100_000))


def test_custom_vjp_and_stop_gradient():
    @jax.custom_vjp
    def clip_gradient(x):
        return x

    clip_gradient.defvjp(lambda x: (x, None), lambda _, g: (jnp.clip(g, -0.1, 0.1),))

    def loss(x):
        return (clip_gradient(x) ** 3 + lax.stop_gradient(x) * x).sum()

    check(jax.value_and_grad(loss), V)


def test_a_token_is_returned():
    """The only array of the program has no elements."""
    with jax.default_device(jax.devices(SUBJECT)[0]):
        jax.jit(lax.create_token)(1.0).block_until_ready()
