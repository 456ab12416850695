"""Measures platform mps on a GPU beside JAX's own backend for that GPU, in one process.

    python -m benchmarks.gpu [--case REGEX] [--json-out FILE] [--megabytes N] [--small]

Needs JAX with its CUDA backend and a GPU that Vulkan drives. For every case both platforms get the
same arguments; results are compared; times are medians of calls that alternate, each of several
executions handed over without waiting in between. Rates count each input read once and each output
written once, or the operations of a product.
"""

import argparse
import dataclasses
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("JAX_METALLIB_DEVICE", "gpu")
os.environ.setdefault("JAX_PLATFORMS", "cuda,mps")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "0"

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .measure import difference, register
from .workloads.models import GPT, layer_norm


@dataclasses.dataclass(frozen=True)
class Case:
    """A function to measure.

    make: gives (function, arguments).
    bytes, flops: what a call moves or computes at least; one of them sets the unit of the rate.
    asked: the share of the reference's speed that is the aim.
    precision: of products, as `jax_default_matmul_precision`.
    tolerance: largest difference over the largest magnitude.
    """

    name: str
    make: Callable
    bytes: int = 0
    flops: int = 0
    asked: float = 0.0
    precision: str | None = None
    tolerance: float = 1e-5


def normal(*shape, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape, dtype=np.float32).astype(dtype)


def on(fn, *args):
    return lambda: (fn, args)


def chain(x):
    return jnp.tanh(x) * 1.5 + jnp.exp(-x * x) * jax.nn.sigmoid(x)


def layer_norm_grads(x, scale, bias):
    return jax.grad(lambda *args: jnp.sum(layer_norm(*args) ** 2), argnums=(0, 1, 2))(
        x, scale, bias
    )


def scan_chain(x):
    return lax.scan(lambda c, _: (jnp.tanh(c) * 1.01, None), x, None, length=1000)[0]


def cases(small: bool, megabytes: int) -> list[Case]:
    """All cases, with arrays of this size where memory is what counts; small ones are for trying
    the script on a slow device.
    """
    cols = 1024 if small else 4096
    f = 4
    rows = 256 if small else (megabytes << 20) // (cols * f)
    n = rows * cols
    edge = 256 if small else 4096
    x = normal(rows, cols)
    wide = normal(64, n // 64, seed=1)
    tall = normal(n // 64, 64, seed=2)
    vector = normal(cols, seed=3)
    table = normal(n // 512, 512, seed=4)
    rng = np.random.default_rng(5)
    picks = rng.integers(0, n // 512, n // 512).astype(np.int32)
    a, b = normal(edge, edge, seed=6), normal(edge, edge, seed=7)
    images = normal(4 if small else 64, 56, 56, 64, seed=8)
    weights = normal(3, 3, 64, 64, seed=9)
    product = 2 * edge**3
    convolved = 2 * images.shape[0] * 56 * 56 * 64 * 64 * 9

    def conv(x, w):
        return lax.conv_general_dilated(
            x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    def scatter(rows, picks):
        return jnp.zeros_like(rows).at[picks].add(rows)

    def bits(key):
        return jax.random.bits(key, (n,), np.uint32)

    half = np.float16
    return [
        Case("axpy", on(lambda x, y: 2.5 * x + y, x, x[::-1].copy()), 3 * n * f, asked=0.85),
        Case("elementwise_chain", on(chain, x), 2 * n * f, asked=0.85),
        Case("bfloat16_chain", on(chain, x.astype(jnp.bfloat16)), 2 * n * 2, 0, 0.85, None, 2e-2),
        Case("broadcast_add", on(lambda x, v: x + v, x, vector), 2 * n * f, asked=0.85),
        Case("transpose", on(lambda x: x.T + 0.0, x), 2 * n * f, asked=0.85),
        Case("reduce_all", on(jnp.sum, np.abs(x)), n * f, asked=0.85),
        Case("reduce_rows", on(lambda x: jnp.sum(x, 1), np.abs(x)), n * f, asked=0.85),
        Case("reduce_columns", on(lambda x: jnp.sum(x, 0), np.abs(x)), n * f, asked=0.85),
        Case("reduce_few_rows", on(lambda x: jnp.max(x, 1), wide), n * f, asked=0.85),
        Case("reduce_few_columns", on(lambda x: jnp.sum(x, 0), np.abs(tall)), n * f, asked=0.85),
        Case("argmax", on(lambda x: jnp.argmax(x, 1), x), n * f, asked=0.85),
        Case("softmax", on(lambda x: jax.nn.softmax(x), x), 2 * n * f, asked=0.85),
        Case("layer_norm", on(layer_norm, x, vector, vector), 2 * n * f, asked=0.85),
        Case(
            "layer_norm_grad",
            on(layer_norm_grads, x, vector, vector),
            3 * n * f,
            0,
            0.85,
            None,
            1e-4,
        ),
        Case("gather_rows", on(lambda t, i: t[i], table, picks), 2 * n * f, asked=0.85),
        Case("cumsum_rows", on(lambda x: jnp.cumsum(x, 1), np.abs(x)), 2 * n * f, asked=0.6),
        Case("scatter_add", on(scatter, table, picks), 3 * n * f, asked=0.6),
        Case("random_bits", on(bits, jax.random.key_data(jax.random.key(1))), n * f, asked=0.6),
        Case("matmul_f32", on(jnp.matmul, a, b), 0, product, 0.75, "highest"),
        Case(
            "matmul_f16",
            on(jnp.matmul, a.astype(half), b.astype(half)),
            0,
            product,
            0.4,
            None,
            5e-3,
        ),
        Case(
            "matmul_bf16",
            on(jnp.matmul, a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)),
            0,
            product,
            0.0,
            None,
            2e-2,
        ),
        Case("matvec", on(jnp.matmul, x, vector), n * f, 0, 0.0, "highest", 1e-4),
        Case("conv_f32", on(conv, images, weights), 0, convolved, 0.5, "highest"),
        Case(
            "conv_f16",
            on(conv, images.astype(half), weights.astype(half)),
            0,
            convolved,
            0.2,
            None,
            5e-3,
        ),
        Case("scan_1000", on(scan_chain, normal(64)), 0, 0, 5.0, None, 1e-4),
        Case("tiny_call", on(lambda x: x * 2 + 1, normal(1024)), 0, 0, 1 / 1.5),
        Case("tiny_calls_queued", on(lambda x: x * 2 + 1, normal(1024)), 0, 0, 1 / 1.5),
    ]


def gpt(small: bool) -> GPT:
    if small:
        return GPT()
    return GPT(layers=6, width=768, heads=12, vocabulary=8192, length=512, batch_size=16)


class Subject:
    """A case on one platform."""

    def __init__(self, case: Case, platform: str):
        device = jax.devices(platform)[0]
        fn, args = case.make()
        self.args = jax.block_until_ready(jax.device_put(args, device))
        with jax.default_matmul_precision(case.precision or "default"):
            lowered = jax.jit(fn).lower(*self.args)
        start = time.perf_counter()
        self.compiled = lowered.compile()
        self.compile = time.perf_counter() - start
        start = time.perf_counter()
        self.result = jax.block_until_ready(self.compiled(*self.args))
        self.first = time.perf_counter() - start
        self.times: list[float] = []

    def calls(self, count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            out = self.compiled(*self.args)
        jax.block_until_ready(out)
        return (time.perf_counter() - start) / count


def measure(case: Case, platforms: list[str]) -> dict:
    subjects = [Subject(case, platform) for platform in platforms]
    apart = difference(*(jax.tree.map(np.asarray, s.result) for s in reversed(subjects)))
    counts = []
    for subject in subjects:
        # The first call may have to ask the system for memory.
        once = min(subject.calls(1) for _ in range(3))
        counts.append(1 if case.name == "tiny_call" else int(np.clip(0.05 / once, 1, 100)))
    rounds = 100 if case.name == "tiny_call" else 9
    for _ in range(rounds):
        for subject, count in zip(subjects, counts, strict=True):
            subject.times.append(subject.calls(count))
    reference, ours = (statistics.median(s.times) for s in subjects)
    return {
        "reference": reference,
        "mps": ours,
        "speed": reference / ours,
        "difference": apart,
        "agrees": apart <= case.tolerance,
        "compile_reference": subjects[0].compile,
        "compile_mps": subjects[1].compile,
        "first_mps": subjects[1].first,
    }


def rate(case: Case, seconds: float) -> str:
    if case.flops:
        return f"{case.flops / seconds / 1e12:8.1f} TFLOP/s"
    if case.bytes:
        return f"{case.bytes / seconds / 1e9:8.0f} GB/s   "
    return f"{seconds * 1e6:8.1f} us     "


def train(platforms: list[str], small: bool) -> dict:
    """A GPT training step: compile time, time a step, agreement of the loss."""
    training = gpt(small).training("gpt")
    found = {}
    for precision in ("highest", "default"):
        for platform in platforms:
            device = jax.devices(platform)[0]
            state = jax.device_put(training.init(), device)
            batch = jax.device_put(training.batch(0), device)
            jax.clear_caches()
            with jax.default_matmul_precision(precision):
                lowered = jax.jit(training.step, donate_argnums=0).lower(state, *batch)
            start = time.perf_counter()
            step = lowered.compile()
            compiled = time.perf_counter() - start
            losses, times = [], []
            for _ in range(12):
                start = time.perf_counter()
                state, loss = step(state, *batch)
                losses.append(float(loss))
                times.append(time.perf_counter() - start)
            found[f"{platform} {precision}"] = {
                "compile": compiled,
                "first": times[0],
                "step": statistics.median(times[2:]),
                "losses": losses,
            }
            median = statistics.median(times[2:])
            print(
                f"gpt {precision:8} {platform:5} compile {compiled:7.3f} s  "
                f"first {times[0]:7.3f} s  "
                f"step {median * 1e3:8.2f} ms  loss {losses[0]:.5f} -> {losses[-1]:.5f}",
                flush=True,
            )
            del state, batch, step
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", default=".")
    parser.add_argument("--json-out")
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    register()
    platforms = os.environ["JAX_PLATFORMS"].split(",")
    devices = {platform: jax.devices(platform)[0].device_kind for platform in platforms}
    print(devices, "jax", jax.__version__, flush=True)
    results, wrong = {}, 0
    print(f"{'case':20} {platforms[0]:>17} {'mps':>17} {'speed':>7} {'asked':>6} {'compile':>17}")
    for case in cases(options.small, options.megabytes):
        if not re.search(options.case, case.name):
            continue
        try:
            r = results[case.name] = measure(case, platforms)
        except Exception as error:
            wrong += 1
            print(f"{case.name:20} failed: {type(error).__name__}: {str(error)[:400]}", flush=True)
            continue
        wrong += not r["agrees"]
        print(
            f"{case.name:20} {rate(case, r['reference'])} {rate(case, r['mps'])} "
            f"{r['speed']:7.2f} {case.asked:6.2f} "
            f"{r['compile_reference'] * 1e3:6.0f} {r['compile_mps'] * 1e3:6.1f} ms "
            f"{r['difference']:.1e}{'' if r['agrees'] else '  DIFFERS'}",
            flush=True,
        )
    if re.search(options.case, "gpt"):
        try:
            results["gpt"] = train(platforms, options.small)
        except Exception as error:
            wrong += 1
            print(f"gpt failed: {type(error).__name__}: {str(error)[:600]}", flush=True)
    if options.json_out:
        with open(options.json_out, "w") as file:
            json.dump({"devices": devices, "results": results}, file, indent=1)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
