"""Small programs, one for each part of the language that a user meets."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .workload import Workload, named

WORKLOADS: list[Workload] = []


def _rng():
    return np.random.default_rng(7)


def _normal(*shape, dtype=np.float32):
    return _rng().standard_normal(shape).astype(dtype)


@named(WORKLOADS)
def elementwise_chain():
    def fn(x, y):
        return jnp.tanh(x) * y + jnp.exp(-x * x) / (1 + jnp.abs(y))

    return fn, (_normal(512, 1024), _normal(512, 1024)[::-1].copy())


@named(WORKLOADS)
def softmax_and_layer_norm():
    def loss(x, scale, bias):
        mean, var = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
        y = (x - mean) * lax.rsqrt(var + 1e-5) * scale + bias
        return jnp.sum(jax.nn.softmax(y) ** 2)

    args = (_normal(256, 384), _normal(384), _normal(384)[::-1].copy())
    return jax.value_and_grad(loss, argnums=(0, 1, 2)), args


@named(WORKLOADS)
def reductions():
    def fn(x):
        return {
            "sum": x.sum(0),
            "mean": x.mean(1),
            "max": x.max(0),
            "argmax": x.argmax(1),
            "logsumexp": jax.nn.logsumexp(x, axis=1),
            "any": (x > 3).any(0),
            "std": x.std(),
        }

    return fn, (_normal(300, 517),)


@named(WORKLOADS)
def while_newton():
    """Square roots by Newton's method until every one has converged."""

    def fn(x):
        def unfinished(state):
            i, root = state
            return (jnp.max(jnp.abs(root * root - x) / x) > 1e-6) & (i < 100)

        def improve(state):
            i, root = state
            return i + 1, (root + x / root) / 2

        return lax.while_loop(unfinished, improve, (jnp.int32(0), x))

    return fn, (np.abs(_normal(2048)) + 0.5,)


@named(WORKLOADS)
def cond_and_switch():
    def fn(i, x):
        y = lax.cond(i > 1, jnp.sin, jnp.cos, x)
        return lax.switch(i, [lambda v: v + 1, lambda v: v * v, jnp.tanh], y)

    return fn, (np.int32(2), _normal(4096))


@named(WORKLOADS)
def fori_loop_power():
    def fn(a, v):
        def step(_, v):
            v = a @ v
            return v / jnp.linalg.norm(v)

        return lax.fori_loop(0, 50, step, v)

    a = np.abs(_normal(128, 128))
    return fn, (a + a.T, np.ones(128, np.float32))


@named(WORKLOADS)
def sorting():
    def fn(x):
        values, places = lax.top_k(x, 10)
        return jnp.sort(x, axis=0), jnp.argsort(x, axis=1), values, places

    x = _normal(200, 300)
    x[::7, ::5] = 0.5
    return fn, (x,)


@named(WORKLOADS)
def cumulative():
    def fn(x):
        return (
            jnp.cumsum(x, axis=1),
            jnp.cumprod(1 + 0.01 * x, axis=0),
            lax.cummax(x, axis=1, reverse=True),
            lax.cummin(x, axis=0),
            lax.cumlogsumexp(x, axis=1),
        )

    return fn, (_normal(64, 1000),)


@named(WORKLOADS)
def indexing():
    """Reads and updates in the `.at[]` forms, with repeated and out-of-bounds indices."""

    def fn(x, rows, cols, u):
        return {
            "get": x[rows],
            "pairs": x[rows, cols],
            "fill": x.at[rows + 50].get(mode="fill", fill_value=-1.0),
            "set": x.at[jnp.arange(64), cols].set(u[:, 0], unique_indices=True),
            "add": x.at[rows].add(u),
            "drop": x.at[rows + 50].add(u, mode="drop"),
            "multiply": x.at[rows, cols].multiply(1.5),
            "min": x.at[rows].min(u),
            "max": x.at[:, cols].max(u[0, :1]),
            "segments": jax.ops.segment_sum(u, rows, num_segments=100),
            "slice": lax.dynamic_slice(x, (rows[0], 3), (10, 20)),
            "update": lax.dynamic_update_slice(x, u[:10, :20], (rows[1], 5)),
        }

    rng = _rng()
    rows = rng.integers(0, 100, 64).astype(np.int32)
    cols = rng.permutation(80)[:64].astype(np.int32)
    return fn, (_normal(100, 80), rows, cols, _normal(64, 80))


@named(WORKLOADS)
def embedding_gradient():
    def loss(table, tokens, target):
        return jnp.sum((table[tokens].mean(1) - target) ** 2)

    tokens = _rng().integers(0, 1000, (64, 32)).astype(np.int32)
    return jax.grad(loss), (_normal(1000, 64), tokens, _normal(64, 64))


@named(WORKLOADS, exact=True)
def random_threefry():
    def fn(seed):
        keys = jax.random.split(jax.random.key(seed), 4)
        return (
            jax.random.bits(keys[0], (100, 7)),
            jax.random.uniform(keys[1], (1000,)),
            jax.random.permutation(keys[2], 500),
            jax.random.randint(keys[3], (300,), -5, 17),
            jax.random.key_data(jax.random.fold_in(keys[0], 3)),
        )

    return fn, (np.uint32(42),)


@named(WORKLOADS, exact=True)
def random_rbg():
    def fn(seed):
        key = jax.random.key(seed, impl="rbg")
        one, two = jax.random.split(key)
        return jax.random.bits(one, (1000,)), jax.random.uniform(two, (77, 3))

    return fn, (np.uint32(42),)


@named(WORKLOADS)
def random_distributions():
    def fn(seed):
        keys = jax.random.split(jax.random.key(seed), 5)
        return (
            jax.random.normal(keys[0], (5000,)),
            jax.random.exponential(keys[1], (1000,)),
            jax.random.gumbel(keys[2], (1000,)),
            jax.random.truncated_normal(keys[3], -2.0, 2.0, (1000,)),
            jax.random.laplace(keys[4], (1000,)),
        )

    return fn, (np.uint32(7),)


@named(WORKLOADS)
def fourier():
    def fn(x):
        spectrum = jnp.fft.fft(x)
        return (
            spectrum,
            jnp.fft.ifft(spectrum),
            jnp.fft.rfft2(x.real),
            jnp.fft.irfft(jnp.fft.rfft(x.real)),
            jnp.fft.fftn(x.reshape(16, 8, 96)),
        )

    x = _normal(128, 96) + 1j * _normal(128, 96)[::-1]
    return fn, (x.astype(np.complex64),)


@named(WORKLOADS)
def einsums():
    def fn(a, b, c):
        return (
            jnp.einsum("bij,bjk->bik", a, b),
            jnp.einsum("bij,bkj->bik", a, c),
            jnp.einsum("bii->b", a[:, :24, :24]),
            jnp.einsum("bij,bjk,blj->kl", a, b, c),
            jnp.einsum("bij->jb", a),
        )

    return fn, (_normal(6, 24, 40), _normal(6, 40, 32), _normal(6, 48, 40))


@named(WORKLOADS)
def matrix_product():
    return jnp.matmul, (_normal(512, 512), _normal(512, 512)[::-1].copy())


@named(WORKLOADS)
def solves():
    """What of linear algebra has one answer; the rest is tested by invariants."""

    def fn(a, b):
        spd = a @ a.T + 48 * jnp.eye(48)
        l = jnp.linalg.cholesky(spd)
        x = jax.scipy.linalg.solve_triangular(l, b, lower=True)
        return l, x, jnp.linalg.solve(spd, b), jnp.linalg.inv(spd), jnp.linalg.slogdet(spd)

    return fn, (_normal(48, 48), _normal(48, 5))


@named(WORKLOADS)
def qr_factors():
    return jnp.linalg.qr, (_normal(40, 24),)


@named(WORKLOADS)
def spectra():
    def fn(a):
        return jnp.linalg.eigvalsh(a + a.T), jnp.linalg.svd(a, compute_uv=False)

    return fn, (_normal(48, 48),)


@named(WORKLOADS)
def complex_arithmetic():
    def fn(z, w):
        return z * w / (1 + jnp.abs(z)), jnp.exp(1j * z.real), z @ w.T, jnp.sqrt(z), jnp.angle(w)

    z = (_normal(40, 50) + 1j * _normal(40, 50)[::-1]).astype(np.complex64)
    return fn, (z, z.conj()[:, ::-1].copy())


def _half_program(dtype):
    def fn(x, w):
        h = jax.nn.gelu(x @ w)
        return h, jax.nn.softmax(h), h.sum(0), jnp.max(h, axis=1)

    return fn, (_normal(64, 96).astype(dtype), (_normal(96, 32) / 10).astype(dtype))


@named(WORKLOADS, precision="bfloat16")
def bfloat16_program():
    return _half_program(jnp.bfloat16)


@named(WORKLOADS, precision="float16")
def float16_program():
    return _half_program(np.float16)


@named(WORKLOADS, exact=True)
def small_integers():
    def fn(signed, unsigned):
        return (
            signed * signed + 3,
            unsigned // 7,
            signed % 5,
            unsigned << 3 >> 1,
            lax.population_count(unsigned),
            signed.astype(jnp.int32) @ signed.astype(jnp.int32).T,
            jnp.cumsum(unsigned.astype(jnp.uint32), axis=1),
            jnp.sort(signed, axis=1),
        )

    rng = _rng()
    signed = rng.integers(-128, 128, (40, 60)).astype(np.int8)
    return fn, (signed, rng.integers(0, 65536, (40, 60)).astype(np.uint16))


@named(WORKLOADS, exact=True)
def booleans():
    def fn(x, y):
        a, b = x > 0, y > 0.5
        return a & b, a | ~b, a ^ b, jnp.where(a, 1, -1), a.sum(0), b.all(1), (a & b).any()

    return fn, (_normal(90, 110), _normal(90, 110)[::-1].copy())


@named(WORKLOADS)
def convolutions():
    def loss(x, kernel, depthwise):
        numbers = ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=numbers)
        y = lax.conv_general_dilated(
            y,
            depthwise,
            (1, 1),
            [(2, 2), (2, 2)],
            rhs_dilation=(2, 2),
            dimension_numbers=numbers,
            feature_group_count=16,
        )
        return jnp.mean(y * y), y

    args = (_normal(4, 28, 28, 3), _normal(3, 3, 3, 16), _normal(3, 3, 1, 16))
    return jax.value_and_grad(loss, argnums=(0, 1, 2), has_aux=True), args


@named(WORKLOADS)
def vmapped_gradients():
    def loss(w, x):
        return jnp.sum(jnp.tanh(w @ x) ** 2)

    per_example = jax.vmap(jax.grad(loss), in_axes=(None, 0))
    return per_example, (_normal(24, 32), _normal(16, 32))


@named(WORKLOADS)
def hessian_vector():
    def loss(x):
        return jnp.sum(jnp.log1p(jnp.exp(x)) * jnp.sin(x[::-1]))

    def fn(x, v):
        return jax.jvp(jax.grad(loss), (x,), (v,))[1]

    return fn, (_normal(3000), _normal(3000)[::-1].copy())
