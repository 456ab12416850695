"""The programs that tests and benchmarks share, each defined once.

A workload is a plain JAX function with its arguments as NumPy arrays, so that the same numbers
reach every platform. `ALL` maps names to workloads.
"""

from . import models, programs, scale
from .workload import Training, Workload

ALL: dict[str, Workload] = {
    workload.name: workload
    for workload in (*models.WORKLOADS, *programs.WORKLOADS, *scale.WORKLOADS)
}

TRAININGS: dict[str, Training] = {training.name: training for training in models.TRAININGS}

__all__ = ["ALL", "TRAININGS", "Training", "Workload"]
