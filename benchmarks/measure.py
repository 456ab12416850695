"""Measures one workload on one or two platforms, side by side in one process.

Times are medians, in seconds. Runs on the platforms alternate, so that what else the machine
does falls on all of them alike.
"""

import dataclasses
import gc
import resource
import statistics
import sys
import time
from typing import Any

import jax
import numpy as np

from .workloads import Workload


def register() -> None:
    """Registers the platform where the package lies on the path without being installed."""
    from jax._src import xla_bridge

    from jax_metallib import _registration

    if "mps" not in xla_bridge._backend_factories:
        _registration.initialize()


@dataclasses.dataclass
class Measurement:
    """What one platform did with one workload.

    lower: tracing and lowering to StableHLO, which the platforms share.
    compile: wall time of `lowered.compile()`, caches off.
    plugin_compile: the share of it spent in the plugin's compile call, where it can be told.
    run: one call with its arguments on the device, until its results are ready.
    first_run: the first call, which may still prepare something.
    temporaries: bytes of scratch memory the executable states, or None.
    peak_rss_growth: bytes by which the process's peak resident memory grew in the first run.
    difference: max|d| / max|reference| over all outputs, against the first platform's.
    """

    lower: float
    compile: float
    plugin_compile: float | None
    first_run: float
    run: float
    temporaries: int | None
    peak_rss_growth: int
    difference: float | None = None


@dataclasses.dataclass
class Limits:
    """How much to repeat; the time bounds are per workload and platform."""

    compiles: int = 5
    compile_seconds: float = 6.0
    runs: int = 200
    run_seconds: float = 3.0


class Subject:
    """One workload on one platform, compiled and with its arguments in place."""

    def __init__(self, workload: Workload, platform: str, limits: Limits):
        self.workload = workload
        self.device = jax.devices(platform)[0]
        self.fn, self.host_args = workload.make()
        self.limits = limits
        self.times: list[float] = []

    def compile(self) -> None:
        """Several fresh compiles; JAX's caches are cleared in between."""
        self.lower_times, self.compile_times, self.plugin_times = [], [], []
        # Zero-copy or not, the arguments lie on the device before anything is measured.
        self.args = jax.block_until_ready(jax.device_put(self.host_args, self.device))
        begin = time.perf_counter()
        for i in range(self.limits.compiles):
            jax.clear_caches()
            self.jitted = jax.jit(self.fn, donate_argnums=self.workload.donate)
            t0 = time.perf_counter()
            lowered = self.jitted.lower(*self.args)
            t1 = time.perf_counter()
            with PluginTime() as plugin:
                self.compiled = lowered.compile()
            t2 = time.perf_counter()
            self.lower_times.append(t1 - t0)
            self.compile_times.append(t2 - t1)
            self.plugin_times.append(plugin.seconds)
            if t2 - begin > self.limits.compile_seconds and i >= 1:
                break

    def call(self) -> tuple[float, Any]:
        """One timed call. Donated arguments are copied outside of the timing."""
        if self.workload.group == "dispatch":
            return self.many_calls()
        args = self.args
        if self.workload.donate:
            args = tuple(
                jax.tree.map(lambda x: x.copy(), arg) if i in self.workload.donate else arg
                for i, arg in enumerate(args)
            )
            jax.block_until_ready(args)
        t0 = time.perf_counter()
        out = jax.block_until_ready(self.compiled(*args))
        return time.perf_counter() - t0, out

    def many_calls(self, count: int = 200) -> tuple[float, Any]:
        """The mean of many calls as users make them: by the jitted function."""
        jitted = self.jitted
        out = jax.block_until_ready(jitted(*self.args))
        t0 = time.perf_counter()
        for _ in range(count):
            out = jax.block_until_ready(jitted(*self.args))
        return (time.perf_counter() - t0) / count, out

    def first(self) -> None:
        before = peak_rss()
        self.first_run, out = self.call()
        self.growth = peak_rss() - before
        self.result = jax.tree.map(np.asarray, out)

    def measurement(self) -> Measurement:
        plugin = [t for t in self.plugin_times if t is not None]
        return Measurement(
            lower=statistics.median(self.lower_times),
            compile=statistics.median(self.compile_times),
            plugin_compile=statistics.median(plugin) if plugin else None,
            first_run=self.first_run,
            run=statistics.median(self.times),
            temporaries=temporaries(self.compiled),
            peak_rss_growth=self.growth,
        )


class PluginTime:
    """The time spent in the compile call of the client, where this JAX lets it be wrapped."""

    def __init__(self):
        self.seconds: float | None = None

    def __enter__(self):
        try:
            from jax._src import compiler
        except ImportError:
            self.compiler = None
            return self
        self.compiler = compiler
        self.name = next(
            (n for n in ("backend_compile_and_load", "backend_compile") if hasattr(compiler, n)),
            None,
        )
        if self.name:
            self.original = getattr(compiler, self.name)

            def timed(*args, **kwargs):
                t0 = time.perf_counter()
                try:
                    return self.original(*args, **kwargs)
                finally:
                    self.seconds = (self.seconds or 0.0) + time.perf_counter() - t0

            setattr(compiler, self.name, timed)
        return self

    def __exit__(self, *_):
        if self.compiler and self.name:
            setattr(self.compiler, self.name, self.original)


def peak_rss() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def temporaries(compiled) -> int | None:
    try:
        analysis = compiled.memory_analysis()
    except Exception:
        return None
    return getattr(analysis, "temp_size_in_bytes", None)


def difference(got: Any, reference: Any) -> float:
    """The largest max|d| / max|reference| of all outputs; NaN must meet NaN."""
    worst = 0.0
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(reference), strict=True):
        if a.size == 0:
            continue
        kind = np.complex128 if a.dtype.kind == "c" else np.float64
        a, b = a.astype(kind), b.astype(kind)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        with np.errstate(invalid="ignore"):
            error = np.max(np.where(same, 0, np.abs(a - b)))
        finite = np.abs(b[np.isfinite(b)])
        scale = np.max(finite, initial=0.0)
        worst = max(worst, float(error / scale) if scale else float(error))
    return worst


def measure(workload: Workload, platforms: list[str], limits: Limits) -> dict[str, Measurement]:
    """Measures a workload on each platform; the first platform's results are the reference."""
    subjects = {platform: Subject(workload, platform, limits) for platform in platforms}
    for subject in subjects.values():
        subject.compile()
    for subject in subjects.values():
        subject.first()
    gc.collect()
    gc.disable()
    try:
        begin = time.perf_counter()
        for i in range(limits.runs):
            for subject in subjects.values():
                subject.times.append(subject.call()[0])
            if time.perf_counter() - begin > limits.run_seconds * len(subjects) and i >= 2:
                break
    finally:
        gc.enable()
    results = {platform: subject.measurement() for platform, subject in subjects.items()}
    reference = subjects[platforms[0]].result
    for platform in platforms[1:]:
        results[platform].difference = difference(subjects[platform].result, reference)
    return results
