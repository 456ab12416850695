"""Programs that measure one cost each: dispatch, a loop's iteration, a program's size."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from .workload import Workload


def _tiny():
    return lambda x: x * 2 + 1, (np.arange(1024, dtype=np.float32),)


def _scan(steps):
    def make():
        def fn(x):
            def step(carry, _):
                carry = jnp.tanh(carry) * 1.01
                return carry, carry

            return lax.scan(step, x, length=steps)

        return fn, (np.linspace(-1, 1, 256, dtype=np.float32),)

    return make


def _long_program(ops):
    """About `ops` operations on small vectors: half of them multiply, half of them add."""

    def make():
        def fn(x, y):
            for i in range(ops // 2):
                # Alternating operands keep it from being one chain of the same pair.
                x = x * (0.5 if i % 3 else y) + (y if i % 2 else 0.25)
            return x

        return fn, (np.linspace(-1, 1, 64, dtype=np.float32), np.ones(64, np.float32))

    return make


WORKLOADS = (
    Workload("tiny_call", _tiny, group="dispatch"),
    Workload("scan_100_steps", _scan(100), group="loop"),
    Workload("scan_10000_steps", _scan(10_000), group="loop"),
    Workload("ops_50k", _long_program(50_000), group="size"),
    Workload("ops_100k", _long_program(100_000), group="size"),
)
