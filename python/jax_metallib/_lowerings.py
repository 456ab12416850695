"""How primitives that JAX keys by platform become custom calls that the engines implement.

Every target is `mps.<routine>`. Operands and results are row-major and keep JAX's leading batch
dimensions; attributes are the typed entries of the call's `mhlo.backend_config` dictionary. A
routine that fails (an iteration that does not converge) writes NaN into its results, as JAX's
other platforms do. Primitives without a rule here take JAX's platform-neutral ones.
"""

from collections.abc import Callable, Iterator
from typing import Any

TARGETS = frozenset(
    f"mps.{routine}"
    for routine in (
        "eig",
        "eigh",
        "geqp3",
        "geqrf",
        "hessenberg",
        "lu",
        "orgqr",
        "schur",
        "svd",
        "threefry2x32",
        "tridiagonal",
        "tridiagonal_solve",
    )
)


def register(platform: str) -> Iterator[str]:
    """Registers every rule for `platform`; yields what this version of JAX has no place for."""
    for name, module, rule in RULES:
        try:
            _register_one(platform, name, module, rule)
        except Exception as error:
            primitive = name.removesuffix("_p")
            yield f"the primitive {primitive} ({type(error).__name__}: {error})"


def _register_one(platform: str, name: str, module: str, rule: Callable) -> None:
    import importlib

    from jax.interpreters import mlir

    primitive = getattr(importlib.import_module(module), name)
    mlir.register_lowering(primitive, rule, platform=platform)


def _call(target: str, ctx, *operands, **attributes: Any):
    """Emits one custom call whose results are those of the primitive."""
    from jax import ffi

    # Layouts are left out: the plugin has one, and stating it costs bytes in every program.
    lower = ffi.ffi_lowering(target, skip_ffi_layout_processing=True)
    return lower(ctx, *operands, **attributes)


def _linalg(target: str, ctx, *operands, **attributes: Any):
    """Emits a call of a routine that knows the element types of LAPACK."""
    dtype = ctx.avals_in[0].dtype
    if dtype not in ("float32", "float64", "complex64", "complex128"):
        raise NotImplementedError(f"Unsupported dtype {dtype} in {target}: use float32")
    return _call(target, ctx, *operands, **attributes)


def _eigh(ctx, a, *, lower, subset_by_index=None, **_ignored):
    _require_all_of(subset_by_index, ctx.avals_in[0].shape[-1], "eigh")
    return _linalg("mps.eigh", ctx, a, lower=bool(lower))


def _svd(ctx, a, *, full_matrices, compute_uv, subset_by_index=None, **_ignored):
    shape = ctx.avals_in[0].shape
    _require_all_of(subset_by_index, min(shape[-2:]), "svd")
    if 0 in shape[-2:]:
        from jax.interpreters import mlir

        empty = mlir.lower_fun(_empty_svd, multiple_results=True)
        return empty(ctx, a, full_matrices=full_matrices, compute_uv=compute_uv)
    flags = {"full_matrices": bool(full_matrices), "compute_uv": bool(compute_uv)}
    return _linalg("mps.svd", ctx, a, **flags)


def _empty_svd(a, *, full_matrices, compute_uv):
    """The factors of a matrix without rows or without columns: no values, identity vectors."""
    import jax.numpy as jnp

    *batch, m, n = a.shape
    s = jnp.zeros((*batch, 0), jnp.finfo(a.dtype).dtype)
    if not compute_uv:
        return [s]
    k = max(m, n) if full_matrices else 0
    u = jnp.broadcast_to(jnp.eye(m, min(m, k), dtype=a.dtype), (*batch, m, min(m, k)))
    vh = jnp.broadcast_to(jnp.eye(min(n, k), n, dtype=a.dtype), (*batch, min(n, k), n))
    return [s, u, vh]


def _eig(ctx, a, *, compute_left_eigenvectors, compute_right_eigenvectors, **_ignored):
    left, right = bool(compute_left_eigenvectors), bool(compute_right_eigenvectors)
    return _linalg("mps.eig", ctx, a, left=left, right=right)


def _schur(ctx, a, *, compute_schur_vectors, sort_eig_vals=False, **_ignored):
    if sort_eig_vals:
        raise NotImplementedError("schur with sorted eigenvalues is not supported on mps")
    return _linalg("mps.schur", ctx, a, compute_schur_vectors=bool(compute_schur_vectors))


def _hessenberg(ctx, a):
    return _linalg("mps.hessenberg", ctx, a)


def _tridiagonal(ctx, a, *, lower):
    return _linalg("mps.tridiagonal", ctx, a, lower=bool(lower))


def _tridiagonal_solve(ctx, dl, d, du, b, *, perturb_singular=False, **_ignored):
    return _linalg("mps.tridiagonal_solve", ctx, dl, d, du, b, perturb_singular=perturb_singular)


def _geqrf(ctx, a, **_ignored):
    return _linalg("mps.geqrf", ctx, a)


def _geqp3(ctx, a, jpvt, **_ignored):
    return _linalg("mps.geqp3", ctx, a, jpvt)


def _householder_product(ctx, a, taus, **_ignored):
    return _linalg("mps.orgqr", ctx, a, taus)


def _lu(ctx, a, **_ignored):
    return _linalg("mps.lu", ctx, a)


def _threefry2x32(ctx, *operands):
    """Keys stay scalars, so that a call is one op; only partial broadcasts are written out."""
    from jax._src.interpreters import mlir

    out = ctx.avals_out[0]

    def expand(operand, aval):
        if aval.shape in ((), out.shape):
            return operand
        first = out.ndim - aval.ndim
        return mlir.broadcast_in_dim(ctx, operand, out, broadcast_dimensions=range(first, out.ndim))

    operands = [expand(*pair) for pair in zip(operands, ctx.avals_in, strict=True)]
    return _call("mps.threefry2x32", ctx, *operands)


def _require_all_of(subset, count: int, name: str) -> None:
    if subset is not None and tuple(subset) != (0, count):
        raise NotImplementedError(f"subset_by_index of {name} is not supported on mps")


_LINALG = "jax._src.lax.linalg"

RULES = (
    ("eigh_p", _LINALG, _eigh),
    ("svd_p", _LINALG, _svd),
    ("eig_p", _LINALG, _eig),
    ("schur_p", _LINALG, _schur),
    ("hessenberg_p", _LINALG, _hessenberg),
    ("tridiagonal_p", _LINALG, _tridiagonal),
    ("tridiagonal_solve_p", _LINALG, _tridiagonal_solve),
    ("geqrf_p", _LINALG, _geqrf),
    ("geqp3_p", _LINALG, _geqp3),
    ("householder_product_p", _LINALG, _householder_product),
    ("lu_p", _LINALG, _lu),
    ("threefry2x32_p", "jax.extend.random", _threefry2x32),
)
