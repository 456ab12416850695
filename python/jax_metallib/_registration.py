"""Registers platform `mps` with JAX: the plugin itself, and what JAX keys by platform name.

JAX has no public interface for most of this, so every touch of a private one is guarded: what a
version of JAX lacks is logged with the feature lost, and the rest goes on.
"""

import importlib.metadata
import logging
import os
import pkgutil
import sys
import threading
from collections.abc import Callable

from . import _callbacks, _library, _lowerings, _settings

PLATFORM = "mps"

logger = logging.getLogger("jax_metallib")

_lock = threading.Lock()
_done = False


def initialize() -> None:
    """Registers the platform. JAX calls it once, before the first backend is made.

    Safe to call more than once. It starts no threads, touches no GPU and never raises for a bad
    setting: JAX would log the traceback and go on without saying what to do. Instead the platform
    is registered in a form that fails with the reason when a program asks for it, and any other
    platform keeps working.
    """
    global _done
    with _lock:
        if _done:
            return
        _done = True
    from jax._src import xla_bridge

    if PLATFORM in xla_bridge._backend_factories:
        logger.warning(
            "jax-metallib is not used: platform '%s' was already registered by %s. "
            "Uninstall one of the two.",
            PLATFORM,
            _other_package(),
        )
        return
    try:
        library = _library.find(_settings.read())
    except (_settings.SettingsError, _library.LibraryNotFound) as error:
        _register_failure(xla_bridge, str(error))
        return

    _guarded("no warning that the platform is experimental", _declare_supported)
    priority = _priority(sys.platform, os.environ.get("JAX_PLATFORMS", ""))
    try:
        xla_bridge.register_plugin(
            PLATFORM,
            priority=priority,
            library_path=os.fspath(library),
            options=_callbacks.client_options,
        )
    except Exception as error:
        _register_failure(xla_bridge, f"{library} could not be loaded: {error}")
        return

    _guarded("use of other platforms where no device is found", _leave_others_alone)
    _guarded("donation of arguments", _enable_donation)
    _guarded("jax.export of programs with our custom calls", _declare_stable_targets)
    _guarded("callbacks", _register_callbacks)
    for lost in _lowerings.register(PLATFORM):
        logger.warning("With this version of jax, jax-metallib goes without %s.", lost)


def _priority(system: str, jax_platforms: str) -> int:
    """Above every other platform on macOS; elsewhere below cpu (0) unless asked for by name."""
    named = PLATFORM in jax_platforms.split(",")
    return 500 if system == "darwin" or named else -100


def _register_failure(xla_bridge, reason: str) -> None:
    """Makes use of the platform raise `reason`, and leaves all others alone."""
    logger.warning("Platform '%s' is not available: %s", PLATFORM, reason)

    def fail():
        raise RuntimeError(reason)

    def register():
        xla_bridge.register_backend_factory(PLATFORM, fail, priority=-100, fail_quietly=True)

    _guarded("the reason in the error of a program that asks for the platform", register)


def _guarded(feature: str, register: Callable[[], None]) -> None:
    try:
        register()
    except Exception as error:
        logger.warning(
            "With this version of jax, jax-metallib goes without %s (%s: %s).",
            feature,
            type(error).__name__,
            error,
        )


def _declare_supported() -> None:
    from jax._src import xla_bridge

    xla_bridge._nonexperimental_plugins.add(PLATFORM)


def _leave_others_alone() -> None:
    """A device that cannot be opened is the error of programs that ask for it, and a warning."""
    from jax._src import xla_bridge

    registration = xla_bridge._backend_factories[PLATFORM]
    make = registration.factory

    def factory():
        try:
            return make()
        except Exception as error:
            logger.warning("Platform '%s' is not available: %s", PLATFORM, error)
            raise

    registration.factory = factory
    registration.fail_quietly = True


def _register_callbacks() -> None:
    for lost in _callbacks.register(PLATFORM):
        logger.warning("With this version of jax, jax-metallib goes without %s.", lost)


def _enable_donation() -> None:
    from jax._src.interpreters import mlir

    if PLATFORM not in mlir._platforms_with_donation:
        mlir._platforms_with_donation.append(PLATFORM)


def _declare_stable_targets() -> None:
    from jax._src.export import _export

    _export._CUSTOM_CALL_TARGETS_GUARANTEED_STABLE.update(_lowerings.TARGETS)


def _other_package() -> str:
    """The packages that may have registered the platform before us, as far as JAX tells."""
    names = set()
    for entry in importlib.metadata.entry_points(group="jax_plugins"):
        if not entry.value.startswith("jax_metallib"):
            names.add(f"{entry.dist.name} (module {entry.value})")
    namespace = sys.modules.get("jax_plugins")
    if namespace is not None:
        names |= {f"jax_plugins.{name}" for _, name, _ in pkgutil.iter_modules(namespace.__path__)}
    if os.environ.get("PJRT_NAMES_AND_LIBRARY_PATHS"):
        names.add("PJRT_NAMES_AND_LIBRARY_PATHS")
    return " or ".join(sorted(names)) or "another package"
