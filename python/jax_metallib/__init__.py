"""Runs JAX programs on platform `mps`.

JAX finds this package through its entry point in group `jax_plugins` and calls `initialize()`
when a backend is first used; nothing has to be imported. `JAX_PLATFORMS=mps` selects the
platform. `info()` tells what is in use.
"""

from ._info import info
from ._registration import initialize

__version__ = "0.1.0"

__all__ = ["__version__", "info", "initialize"]
