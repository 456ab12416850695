"""What a workload is."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

# Largest difference allowed between two right answers, over the largest magnitude of an output.
TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "bfloat16": 2e-2}


@dataclasses.dataclass(frozen=True)
class Workload:
    """A function to jit and the arguments to call it with.

    make: returns (function, arguments); called anew by each user, as arguments may be donated.
    donate: the positions of the arguments that are donated.
    exact: whether results must be equal to the bit on every platform.
    precision: the float type that bounds agreement, where it is not that of the result.
    group: `program`, or what else is measured: `dispatch`, `loop` or `size`.
    """

    name: str
    make: Callable[[], tuple[Callable, tuple]]
    donate: tuple[int, ...] = ()
    exact: bool = False
    precision: str | None = None
    group: str = "program"

    def tolerance(self, dtype: Any) -> float:
        """The bound for an output of type `dtype`."""
        if self.precision:
            return TOLERANCE[self.precision]
        dtype = np.dtype(dtype)
        real = {"complex64": "float32", "complex128": "float64"}.get(dtype.name, dtype.name)
        return TOLERANCE.get(real, 0.0)


@dataclasses.dataclass(frozen=True)
class Training:
    """A model with its optimizer.

    init: returns the state, a tree of arrays.
    batch: returns the arguments of step number n.
    step: maps (state, *batch) to (new state, loss).
    """

    name: str
    init: Callable[[], Any]
    batch: Callable[[int], tuple]
    step: Callable

    def workload(self, *, donate: bool = True) -> Workload:
        """One step as a workload."""

        def make():
            return self.step, (self.init(), *self.batch(0))

        return Workload(self.name, make, donate=(0,) if donate else ())


def named(workloads: list[Workload], name: str | None = None, **options):
    """Decorates a function that makes (function, arguments); appends the workload to a list."""

    def register(make):
        workloads.append(Workload(name or make.__name__, make, **options))
        return make

    return register
