"""Inputs that reach every branch of a scalar function."""

import ml_dtypes
import numpy as np


def special(dtype) -> np.ndarray:
    """Zeros, ones, limits, infinities and NaN, with both signs, and some round numbers."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        near = [0, 1, 2, 3, 7, info.max, info.max - 1, info.min, info.min + 1]
        signed = [-1, -2, -7] if dtype.kind == "i" else []
        return np.array(near + signed, dtype)
    info = ml_dtypes.finfo(dtype)
    positive = np.array(
        [
            0.0,
            float(info.smallest_subnormal),
            float(info.tiny),
            float(info.eps),
            0.5,
            1.0 - float(info.epsneg),
            1.0,
            1.0 + float(info.eps),
            1.5,
            2.0,
            2.5,
            np.pi / 2,
            np.pi,
            10.0,
            float(info.max) / 2,
            float(info.max),
            np.inf,
            np.nan,
        ]
    ).astype(dtype)
    return np.concatenate([positive, -positive])


def orderable(dtype) -> np.ndarray:
    """Special values that every platform orders alike: XLA:CPU takes subnormals for zeros."""
    x = special(dtype)
    if x.dtype.kind in "iub":
        return x
    wide = np.abs(x.astype(np.float64))
    return x[(wide == 0) | ~(wide < float(ml_dtypes.finfo(dtype).tiny))]


def spread(dtype, count: int = 2000, seed: int = 0) -> np.ndarray:
    """Special values, then random bit patterns, then values of ordinary size; NaN only once."""
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        everywhere = rng.integers(info.min, info.max, count, dtype, endpoint=True)
        small = rng.integers(max(info.min, -20), 20, count, dtype)
        return np.concatenate([special(dtype), everywhere, small])
    unsigned = np.dtype(f"u{dtype.itemsize}")
    limit = np.iinfo(unsigned).max
    patterns = rng.integers(0, limit, count, unsigned, endpoint=True).view(dtype)
    with np.errstate(invalid="ignore"):
        patterns = patterns[np.isfinite(patterns.astype(np.float64))]
    ordinary = [rng.uniform(-scale, scale, count) for scale in (1.0, 10.0, 100.0)]
    return np.concatenate([special(dtype), patterns, *(o.astype(dtype) for o in ordinary)])


def pairs(dtype, count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of special values, then random pairs."""
    x, y = np.meshgrid(special(dtype), special(dtype))
    a, b = spread(dtype, count, seed=1), spread(dtype, count, seed=2)
    n = min(a.size, b.size)
    return np.concatenate([x.ravel(), a[:n]]), np.concatenate([y.ravel(), b[:n][::-1]])


def normal(*shape: int, dtype=np.float32, seed: int = 0) -> np.ndarray:
    """Normally distributed numbers; complex ones have both parts so."""
    rng = np.random.default_rng(seed)
    real = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        return (real + 1j * rng.standard_normal(shape)).astype(dtype)
    return real.astype(dtype)


def integers(*shape: int, low: int = 0, high: int = 10, dtype=np.int32, seed: int = 0):
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)
