"""Linear algebra by what defines each result, since factors are not unique.

Every invariant is checked in double precision, relative to the size of the matrix.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from ..harness import SUBJECT, check, run, widen, x64
from .values import normal

pytestmark = pytest.mark.on_demand

DTYPES = ("float32", "complex64", "float64", "complex128")
SIZES = (1, 2, 5, 16, 33)


def tolerance(dtype, n):
    return float(np.finfo(dtype).eps) * 10 * (n + 4)


def close(a, b, bound):
    a, b = np.asarray(a), np.asarray(b)
    a, b = (x.astype(np.complex128 if x.dtype.kind == "c" else np.float64) for x in (a, b))
    scale = max(1.0, np.abs(b).max(initial=0.0))
    error = np.abs(a - b).max(initial=0.0) / scale
    assert error <= bound, f"{error:.3g} > {bound:.3g}"


def adjoint(a):
    return a.conj().swapaxes(-1, -2)


def orthonormal(q, bound):
    close(
        adjoint(q) @ q,
        np.broadcast_to(np.eye(q.shape[-1]), (*q.shape[:-2], *[q.shape[-1]] * 2)),
        bound,
    )


def linalg(fn, *args):
    with x64(
        any(
            np.asarray(a).dtype.itemsize // (1 + (np.asarray(a).dtype.kind == "c")) == 8
            for a in args
        )
    ):
        return run(SUBJECT, fn, *args)


def hermitian(*shape, dtype):
    a = normal(*shape, dtype=dtype)
    return (a + adjoint(a)) / 2


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_eigh(dtype, n):
    a = hermitian(3, n, n, dtype=dtype)
    w, v = linalg(lambda a: tuple(jnp.linalg.eigh(a)), a)
    bound = tolerance(dtype, n)
    orthonormal(v, bound)
    close(a @ v, v * w[:, None, :], bound)
    assert (np.diff(w, axis=-1) >= 0).all()
    close(w, np.linalg.eigvalsh(a.astype(np.complex128)), bound)


@pytest.mark.parametrize("lower", [True, False])
def test_eigh_reads_one_triangle(lower):
    a = hermitian(6, 6, dtype="float32")
    other = np.triu(a, 1) if lower else np.tril(a, -1)
    w, _ = linalg(
        lambda a: tuple(jnp.linalg.eigh(a, "L" if lower else "U", symmetrize_input=False)),
        a + other,
    )
    close(w, np.linalg.eigvalsh(a), 1e-5)


def test_eigh_special_matrices():
    for a in (np.zeros((5, 5)), np.eye(5) * 3, np.ones((5, 5)), np.diag([1e-20, 1, 1e20])):
        a = a.astype(np.float32)
        w, v = linalg(lambda a: tuple(jnp.linalg.eigh(a)), a)
        close(v * w @ v.T, a, 1e-5 * max(1, np.abs(a).max()))
        orthonormal(v, 1e-5)


def test_eigh_of_nan_is_nan():
    a = np.full((4, 4), np.nan, np.float32)
    w, v = linalg(lambda a: tuple(jnp.linalg.eigh(a)), a)
    assert np.isnan(w).all() and np.isnan(v).all()


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (9, 4), (4, 9), (33, 17)])
@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_svd(dtype, full, shape):
    a = normal(2, *shape, dtype=dtype)
    u, s, vh = linalg(lambda a: tuple(jnp.linalg.svd(a, full_matrices=full)), a)
    m, n = shape
    k = min(m, n)
    assert u.shape == (2, m, m if full else k) and vh.shape == (2, n if full else k, n)
    bound = tolerance(dtype, max(m, n))
    orthonormal(u, bound)
    orthonormal(adjoint(vh), bound)
    close(u[..., :k] * s[:, None, :] @ vh[:, :k], a, bound)
    close(s, np.linalg.svd(a.astype(np.complex128), compute_uv=False), bound)


def test_svd_values_only():
    a = normal(20, 12)
    close(linalg(lambda a: jnp.linalg.svd(a, compute_uv=False), a), np.linalg.svd(a)[1], 1e-5)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 0)])
def test_svd_empty(shape):
    check(lambda a: tuple(jnp.linalg.svd(a)), normal(*shape))


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (9, 4), (4, 9), (40, 33)])
@pytest.mark.parametrize("mode", ["reduced", "complete"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_qr(dtype, mode, shape):
    """The signs of LAPACK's reflectors, so factors and not only their product agree."""
    a = normal(2, *shape, dtype=dtype)
    q, r = linalg(lambda a: tuple(jnp.linalg.qr(a, mode)), a)
    bound = tolerance(dtype, max(shape))
    orthonormal(q, bound)
    close(q @ r, a, bound)
    close(np.tril(r, -1), 0 * r, 0)
    lapack_q, lapack_r = np.linalg.qr(a, mode)
    close(r, lapack_r, 5 * bound)
    k = min(shape)
    close(q[..., :k], lapack_q[..., :k], 20 * bound)


def test_qr_with_pivoting():
    a = normal(9, 6)
    q, r, p = linalg(lambda a: jax.scipy.linalg.qr(a, mode="economic", pivoting=True), a)
    close(q @ r, a[:, p], 1e-5)
    orthonormal(q, 1e-5)
    assert (np.diff(np.abs(np.diag(r))) <= 1e-5).all()
    assert sorted(p) == list(range(6))


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (9, 4), (4, 9), (40, 40)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_lu(dtype, shape):
    a = normal(2, *shape, dtype=dtype)
    packed, pivots, permutation = linalg(lambda a: tuple(lax.linalg.lu(a)), a)
    m, n = shape
    k = min(m, n)
    l = np.tril(packed[..., :k], -1) + np.eye(m, k)
    u = np.triu(packed[:, :k])
    assert pivots.dtype == np.int32 and permutation.dtype == np.int32
    for batch in range(2):
        close(l[batch] @ u[batch], a[batch][permutation[batch]], tolerance(dtype, max(m, n)))
        order = np.arange(m)
        for i, p in enumerate(pivots[batch]):
            order[[i, p]] = order[[p, i]]
        np.testing.assert_array_equal(order, permutation[batch])
    # LAPACK compares complex pivots by |re| + |im|.
    assert np.abs(l).max() <= np.sqrt(2) + 1e-5


def test_lu_of_singular_matrix():
    a = np.array([[1, 2], [2, 4]], np.float32)
    packed, _, permutation = linalg(lambda a: tuple(lax.linalg.lu(a)), a)
    l, u = np.tril(packed, -1) + np.eye(2), np.triu(packed)
    close(l @ u, a[permutation], 1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_cholesky_and_solves(dtype, n):
    a = normal(2, n, n, dtype=dtype)
    spd = a @ adjoint(a) / n + np.eye(n, dtype=dtype)
    b = normal(2, n, 3, dtype=dtype, seed=1)

    def fn(a, b):
        l = jnp.linalg.cholesky(a)
        triangular = jax.vmap(lambda l, b: jax.scipy.linalg.solve_triangular(l, b, lower=True))
        return l, triangular(l, b), jnp.linalg.solve(a, b), jnp.linalg.inv(a), jnp.linalg.det(a)

    l, y, x, inverse, det = linalg(fn, spd, b)
    bound = tolerance(dtype, n)
    close(l @ adjoint(l), spd, bound)
    close(np.triu(l, 1), 0 * l, 0)
    close(l @ y, b, 5 * bound)
    close(spd @ x, b, 5 * bound)
    close(spd @ inverse, np.broadcast_to(np.eye(n), spd.shape), 5 * bound)
    exact = np.linalg.det(spd.astype(np.complex128))
    close(det / exact, np.ones(2), 5 * bound)


def test_cholesky_of_indefinite_matrix_is_nan():
    a = np.array([[1, 2], [2, 1]], np.float32)
    assert np.isnan(linalg(jnp.linalg.cholesky, a)[1, 1])


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("unit", [True, False])
def test_triangular_solve(left, lower, transpose, unit):
    a = normal(2, 7, 7) / 7 + 2 * np.eye(7, dtype=np.float32)
    b = normal(2, 7, 4) if left else normal(2, 4, 7)
    options = dict(left_side=left, lower=lower, transpose_a=transpose, unit_diagonal=unit)
    check(lambda a, b: lax.linalg.triangular_solve(a, b, **options), a, b)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_eig(dtype, n):
    a = normal(2, n, n, dtype=dtype)
    w, v = linalg(lambda a: tuple(jnp.linalg.eig(a)), a)
    bound = 10 * tolerance(dtype, n)
    close(a @ v, v * w[:, None, :], bound)
    close(np.linalg.norm(v, axis=-2), np.ones((2, n)), bound)
    exact = np.linalg.eigvals(a.astype(np.complex128))
    for ours, theirs in zip(w, exact, strict=True):
        distance = np.abs(ours[:, None] - theirs[None])
        assert max(distance.min(0).max(), distance.min(1).max()) <= 100 * bound


def test_eig_left_vectors():
    a = normal(8, 8)
    w, vl, vr = linalg(lambda a: tuple(lax.linalg.eig(a, compute_left_eigenvectors=True)), a)
    close(adjoint(vl) @ a, w[:, None] * adjoint(vl), 1e-4)
    close(a @ vr, vr * w, 1e-4)


@pytest.mark.parametrize("dtype", DTYPES)
def test_schur(dtype):
    a = normal(9, 9, dtype=dtype)
    t, z = linalg(lambda a: tuple(lax.linalg.schur(a)), a)
    bound = 10 * tolerance(dtype, 9)
    close(z @ t @ adjoint(z), a, bound)
    orthonormal(z, bound)
    # Real matrices have blocks of two on the diagonal for pairs of complex eigenvalues.
    below = np.tril(t, -1 if t.dtype.kind == "c" else -2)
    close(below, 0 * below, bound)


@pytest.mark.parametrize("dtype", DTYPES)
def test_hessenberg(dtype):
    a = normal(7, 7, dtype=dtype)

    def fn(a):
        packed, taus = lax.linalg.hessenberg(a)
        q = lax.linalg.householder_product(jnp.tril(packed[1:, :-1], -1), taus)
        return jnp.triu(packed, -1), q

    h, q = linalg(fn, a)
    full = np.eye(7, dtype=q.dtype)
    full[1:, 1:] = q
    bound = 10 * tolerance(dtype, 7)
    orthonormal(full, bound)
    close(full @ h @ adjoint(full), a, bound)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_tridiagonal(dtype, lower):
    a = hermitian(7, 7, dtype=dtype)
    _, d, e, taus = linalg(lambda a: tuple(lax.linalg.tridiagonal(a, lower=lower)), a)
    assert taus.shape == (6,) and d.dtype.kind == "f" and e.dtype.kind == "f"
    t = np.diag(d) + np.diag(e, 1) + np.diag(e, -1)
    close(np.linalg.eigvalsh(t), np.linalg.eigvalsh(a), 10 * tolerance(dtype, 7))


def test_derived():
    """Functions of jax.numpy and jax.scipy that rest on the factorizations."""
    a, tall, b = normal(6, 6) / 3, normal(9, 5), normal(9, 2)

    def fn(a, tall, b):
        return {
            "pinv": jnp.linalg.pinv(tall),
            "lstsq": jnp.linalg.lstsq(tall, b)[0],
            "rank": jnp.linalg.matrix_rank(tall),
            "cond": jnp.linalg.cond(tall),
            "norm_2": jnp.linalg.norm(tall, 2),
            "nuclear": jnp.linalg.norm(tall, "nuc"),
            "expm": jax.scipy.linalg.expm(a),
            "slogdet": jnp.linalg.slogdet(a),
            "matrix_power": jnp.linalg.matrix_power(a, 5),
            "multi_dot": jnp.linalg.multi_dot([tall, a[:5, :5], a[:5]]),
            "eigvalsh": jnp.linalg.eigvalsh(a + a.T),
            "cho_solve": jax.scipy.linalg.cho_solve(
                jax.scipy.linalg.cho_factor(a @ a.T + jnp.eye(6)), a
            ),
            "lu_solve": jax.scipy.linalg.lu_solve(jax.scipy.linalg.lu_factor(a), a.T),
            "polar": jax.scipy.linalg.polar(a)[1],
        }

    check(fn, a, tall, b, tolerance=2e-4)


def test_gradients():
    a = normal(5, 5) + 3 * np.eye(5, dtype=np.float32)
    spd = a @ a.T

    def fn(a, spd):
        def total(a, spd):
            w, v = jnp.linalg.eigh(spd)
            u, s, vh = jnp.linalg.svd(a)
            _, r = jnp.linalg.qr(a)
            parts = (
                jnp.linalg.cholesky(spd).sum(),
                jnp.linalg.solve(a, spd).sum(),
                jnp.linalg.slogdet(a)[1],
                (w * jnp.arange(5.0)).sum() + (v * v[:1]).sum(),
                (s * s).sum() + (u[:, :1] * vh[:1]).sum(),
                (r * r).sum(),
                jnp.linalg.inv(a).sum(),
            )
            return sum(parts)

        return jax.grad(total, (0, 1))(a, spd)

    check(fn, a, spd, tolerance=5e-4)


@pytest.mark.parametrize("name", ["qr", "eigh", "svd", "eig"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_floats_are_refused(name, dtype):
    message = f"(Unsupported dtype|does not accept dtype).*{dtype}"
    with pytest.raises((NotImplementedError, TypeError, ValueError), match=message):
        run(SUBJECT, getattr(jnp.linalg, name), np.eye(3, dtype=jnp.dtype(dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_tridiagonal_solve(dtype, n):
    with x64():
        dl, d, du = (normal(2, n, seed=seed).astype(dtype) for seed in range(3))
        b = normal(2, n, 3, seed=3).astype(dtype)
        x = run(SUBJECT, lax.linalg.tridiagonal_solve, dl, d, du, b)
    dl, d, du, b, x = (widen(v) for v in (dl, d, du, b, x))
    product = d[..., None] * x
    product[:, 1:] += dl[:, 1:, None] * x[:, :-1]
    product[:, :-1] += du[:, :-1, None] * x[:, 1:]
    # The residual is that of backward stable elimination.
    close(product / np.abs(x).max(), b / np.abs(x).max(), tolerance(dtype, n))


def test_eigh_tridiagonal():
    d, e = normal(20), normal(19, seed=1)
    try:
        w, v = run(SUBJECT, jax.scipy.linalg.eigh_tridiagonal, d, e)
    except NotImplementedError as error:
        pytest.skip(f"this version of jax computes no vectors: {error}")
    t = np.diag(d) + np.diag(e, 1) + np.diag(e, -1)
    close(w, np.linalg.eigvalsh(t.astype(np.float64)), tolerance("float32", 20))
    close(v.T @ v, np.eye(20), 40 * tolerance("float32", 20))
    close(t @ v, v * w, 40 * tolerance("float32", 20))
