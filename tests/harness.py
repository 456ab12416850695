"""Runs a function on each platform and compares the results.

`check` is for programs and structural ops; `check_ulp` is for single elementwise ops, whose error
is counted in units in the last place of a result computed with more precision.
"""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator
from typing import Any

import jax
import ml_dtypes
import numpy as np

from benchmarks.workloads.workload import TOLERANCE

from .conftest import MODE

SUBJECT = "cpu" if MODE == "cpu" else "mps"
HAVE_CPU = MODE != "mps"

HIGHER = {
    "bfloat16": np.float64,
    "float16": np.float64,
    "float32": np.float64,
    "complex64": np.complex128,
}


@dataclasses.dataclass(frozen=True)
class Case:
    """One named test case: a function and the arguments to run it with."""

    name: str
    fn: Callable
    args: tuple
    options: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self):
        return self.name


def case(name: str, fn: Callable, *args, **options) -> Case:
    return Case(name, fn, args, options)


@contextlib.contextmanager
def x64(enabled: bool = True) -> Iterator[None]:
    """64-bit types inside the block; the flag is put back afterwards."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", enabled)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


def run(platform: str, fn: Callable, *args, jit: bool = True, donate: tuple[int, ...] = ()):
    """The results of `fn` on a platform, as NumPy arrays."""
    device = jax.devices(platform)[0]
    with jax.default_device(device):
        placed = jax.device_put(args, device)
        out = jax.jit(fn, donate_argnums=donate)(*placed) if jit else fn(*placed)
        for leaf in jax.tree.leaves(out):
            if isinstance(leaf, jax.Array):
                assert leaf.devices() == {device}, f"a result lies on {leaf.devices()}"
        return jax.tree.map(to_numpy, out)


def to_numpy(leaf: Any) -> np.ndarray:
    if jax.dtypes.issubdtype(getattr(leaf, "dtype", None), jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    return np.asarray(leaf)


def check(
    fn: Callable,
    *args,
    exact: bool = False,
    tolerance: float | None = None,
    reference: Any = None,
    precise: bool = True,
    **options,
):
    """Runs `fn` on the platform under test and compares with cpu, or with `reference`.

    exact: equal to the bit; otherwise max|difference| <= tolerance * max|expected| per output,
    where the tolerance follows from the type unless it is given. An output beyond it still
    passes if its error against a run in double precision is at most twice that of cpu
    (`precise=False` turns that off). NaN and infinities must be in the same places.
    """
    got = run(SUBJECT, fn, *args, **options)
    if reference is not None:
        expected = jax.tree.map(np.asarray, reference)
    elif HAVE_CPU:
        expected = run("cpu", fn, *args, **options)
    else:
        return got
    got_leaves = leaves_with_names(got)
    expected_leaves = leaves_with_names(expected)
    assert len(got_leaves) == len(expected_leaves)
    failures = []
    for index, ((name, a), (_, b)) in enumerate(zip(got_leaves, expected_leaves, strict=True)):
        message = difference(a, b, exact=exact, tolerance=tolerance)
        if message and precise and not exact and reference is None:
            message = worse_than_cpu(fn, args, index, a, b, message, options)
        if message:
            failures.append(f"output {name or index}: {message}")
    assert not failures, "\n".join(failures)
    return got


def leaves_with_names(tree: Any) -> list[tuple[str, np.ndarray]]:
    flat, _ = jax.tree_util.tree_flatten_with_path(tree)
    return [(jax.tree_util.keystr(path), np.asarray(leaf)) for path, leaf in flat]


def is_inexact(dtype: np.dtype) -> bool:
    return dtype.kind in "fc" or dtype in (np.dtype(ml_dtypes.bfloat16),)


def widen(x: np.ndarray) -> np.ndarray:
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)


def difference(
    got: np.ndarray, expected: np.ndarray, *, exact: bool = False, tolerance: float | None = None
) -> str | None:
    """What is wrong with `got`, or None."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return f"{got.dtype}{list(got.shape)}, expected {expected.dtype}{list(expected.shape)}"
    if exact or not is_inexact(got.dtype):
        same = bits(got) == bits(expected)
        if is_inexact(got.dtype):
            # A NaN's payload is not part of any contract.
            same |= np.isnan(widen(got)) & np.isnan(widen(expected))
        return None if same.all() else first_of(~same, got, expected)
    a, b = widen(got), widen(expected)
    if tolerance is None:
        base = {"complex64": "float32", "complex128": "float64"}.get(got.dtype.name)
        tolerance = TOLERANCE[base or got.dtype.name]
    special = ~(np.isfinite(a) & np.isfinite(b))
    wrong = special & ~((a == b) | (np.isnan(a) & np.isnan(b)))
    if wrong.any():
        return first_of(wrong, got, expected)
    bound = tolerance * np.max(np.abs(b[~special]), initial=0.0)
    error = np.where(special, 0, np.abs(np.where(special, 0, a) - np.where(special, 0, b)))
    if np.max(error, initial=0.0) <= bound:
        return None
    return f"error {error.max():.3g} > {bound:.3g}; " + first_of(error > bound, got, expected)


def bits(x: np.ndarray) -> np.ndarray:
    """The array's bytes, one row an element, reduced to one comparable value each."""
    if not is_inexact(x.dtype):
        return x
    if x.dtype.kind == "c":
        parts = x.view(x.real.dtype) if x.ndim else x.reshape(1).view(x.real.dtype)
        raw = bits(parts).reshape(*x.shape, 2)
        return raw[..., 0].astype(object) * (1 << 64) + raw[..., 1]
    return np.ascontiguousarray(x).view(f"u{x.dtype.itemsize}").reshape(x.shape)


def first_of(wrong: np.ndarray, got: np.ndarray, expected: np.ndarray) -> str:
    at = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()
    return f"{int(wrong.sum())} of {wrong.size} wrong, at {at}: {got[at]!r}, not {expected[at]!r}"


def worse_than_cpu(fn, args, index, got, expected, message, options) -> str | None:
    """Compares both results with a run in double precision on cpu."""
    if not HAVE_CPU or got.dtype.name not in HIGHER:
        return message
    with x64():
        high = jax.tree.map(
            lambda x: np.asarray(x).astype(HIGHER.get(dtype_name(x)) or np.asarray(x).dtype),
            args,
        )
        options = {key: value for key, value in options.items() if key != "donate"}
        exact = widen(leaves_with_names(run("cpu", fn, *high, **options))[index][1])
    if not np.isfinite(exact).all() or exact.shape != got.shape:
        return message
    # Root mean square: the largest of many errors is one draw from a long tail, the more so where
    # Adam divides a gradient that is nearly zero by its own size.
    ours, theirs = (np.sqrt(np.mean(np.abs(widen(x) - exact) ** 2)) for x in (got, expected))
    if ours <= 2 * theirs:
        return None
    return f"{message}; error against float64 {ours:.3g}, of cpu {theirs:.3g}"


def dtype_name(x: Any) -> str:
    return np.asarray(x).dtype.name


def ulp_error(got: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """|got - exact| in units in the last place of `exact` rounded to the type of `got`.

    Below the smallest normal number the unit is that of the smallest normal number, and results
    may be flushed to zero: XLA does so too.
    """
    info = ml_dtypes.finfo(got.dtype)
    tiny, eps = float(info.tiny), float(info.eps)
    magnitude = np.abs(exact)
    with np.errstate(all="ignore"):
        exponent = np.floor(np.log2(np.maximum(magnitude, tiny)))
        unit = np.exp2(exponent) * eps
        error = np.abs(widen(got) - exact) / unit
    flushed = (magnitude < 2 * tiny) & (np.abs(widen(got)) < 2 * tiny)
    error = np.where(flushed, 0.0, error)
    limit = float(info.max)
    overflow = magnitude > limit * (1 - eps)
    inf_or_max = np.isinf(widen(got)) | (np.abs(widen(got)) >= limit * (1 - 4 * eps))
    same_sign = np.sign(widen(got)) == np.sign(exact)
    error = np.where(overflow, np.where(inf_or_max & same_sign, 0.0, np.inf), error)
    both_nan = np.isnan(widen(got)) & np.isnan(exact)
    either_nan = np.isnan(widen(got)) | np.isnan(exact)
    return np.where(both_nan, 0.0, np.where(either_nan, np.inf, error))


def check_ulp(fn: Callable, reference: Callable, *args, ulp: float, signed_zero: bool = True):
    """Compares `fn` with `reference`, a NumPy function evaluated in double precision."""
    got = run(SUBJECT, fn, *args)
    with np.errstate(all="ignore"):
        exact = np.asarray(reference(*(widen(np.asarray(x)) for x in args)))
    assert got.shape == exact.shape
    error = ulp_error(got, exact.astype(np.float64))
    worst = np.unravel_index(np.argmax(error), error.shape)
    inputs = [np.asarray(x)[worst] for x in args]
    assert error[worst] <= ulp, (
        f"{error[worst]:.3g} ulp > {ulp} at {inputs}: {got[worst]!r}, exact {exact[worst]!r}"
    )
    if signed_zero:
        zero = (widen(got) == 0) & (exact == 0)
        wrong = zero & (np.signbit(got) != np.signbit(exact))
        assert not wrong.any(), "sign of zero: " + first_of(wrong, got, exact)
    return got


def in_subprocess_environment(**changes: str) -> dict[str, str]:
    """The environment for a fresh Python that can import what this one can."""
    environment = {**os.environ, **changes}
    return {key: value for key, value in environment.items() if value is not None}
