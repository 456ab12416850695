"""The environment variables this package reads, checked before anything is loaded.

The shared library reads the same variables itself; checking them here gives an error in terms
of the variable instead of a failure at the first program.
"""

import dataclasses
import os
from collections.abc import Mapping

# Variables whose feature does not exist yet: better an error than a wish silently ignored.
NOT_YET = {
    "JAX_METALLIB_NUM_DEVICES": "the platform has exactly one device",
}

LOG_LEVELS = {"0": "error", "1": "warning", "2": "info", "3": "debug"}


class SettingsError(ValueError):
    """A variable has a value that cannot be honoured. The message names it and what to do."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the environment asks for.

    device: `auto`, `gpu` or `host`; the library reads it too, and the name of the adapter.
    library_path: the shared library to load, or None to search for it.
    """

    device: str = "auto"
    library_path: str | None = None


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Reads and checks the variables. Raises SettingsError; empty means unset."""
    for name, reason in NOT_YET.items():
        if environ.get(name):
            raise SettingsError(f"{name} is not supported yet: {reason}. Unset it.")

    device = environ.get("JAX_METALLIB_DEVICE") or "auto"
    if device not in ("auto", "gpu", "host"):
        raise SettingsError(f"JAX_METALLIB_DEVICE={device}: expected `auto`, `gpu` or `host`.")

    for name in ("JAX_METALLIB_VERIFY", "JAX_METALLIB_DETERMINISTIC"):
        value = environ.get(name) or "0"
        if value not in ("0", "1"):
            raise SettingsError(f"{name}={value}: expected `0` or `1`.")

    level = environ.get("MPS_LOG_LEVEL") or "1"
    if level not in LOG_LEVELS:
        known = ", ".join(f"{number} ({name})" for number, name in LOG_LEVELS.items())
        raise SettingsError(f"MPS_LOG_LEVEL={level}: expected {known}.")

    return Settings(device, environ.get("JAX_METALLIB_LIBRARY_PATH") or None)
