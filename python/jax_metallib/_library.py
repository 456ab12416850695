"""Finds the shared library that implements the plugin."""

import pathlib
import sys
from collections.abc import Iterator

from ._settings import Settings

NAME = "libjax_metallib.dylib" if sys.platform == "darwin" else "libjax_metallib.so"

PACKAGE = pathlib.Path(__file__).resolve().parent


class LibraryNotFound(FileNotFoundError):
    """The library is in none of the places searched. The message lists them."""


def candidates() -> Iterator[pathlib.Path]:
    """Where the library may be when no path is given, the most specific place first."""
    # A wheel ships the library inside the package.
    yield PACKAGE / NAME
    # An editable install runs from `python/` of a source tree, where Cargo has built it.
    root = PACKAGE.parent.parent
    if (root / "Cargo.toml").is_file():
        yield root / "target" / "release" / NAME
        yield root / "target" / "debug" / NAME
    # Other packagings: the environment's own lib folder, then the machine's.
    yield pathlib.Path(sys.prefix) / "lib" / NAME
    for prefix in ("/opt/homebrew", "/usr/local"):
        yield pathlib.Path(prefix) / "lib" / NAME


def find(settings: Settings) -> pathlib.Path:
    """The library to load. Raises LibraryNotFound; a given path is never searched around."""
    if settings.library_path is not None:
        given = pathlib.Path(settings.library_path).expanduser()
        if given.is_dir():
            given = given / NAME
        if not given.is_file():
            raise LibraryNotFound(
                f"JAX_METALLIB_LIBRARY_PATH={settings.library_path}: there is no such library. "
                "Correct it, or unset it to use the one that comes with the package."
            )
        return given
    places = list(candidates())
    for place in places:
        if place.is_file():
            return place
    searched = "\n".join(f"  {place}" for place in places)
    raise LibraryNotFound(
        f"{NAME} was not found in any of\n{searched}\n"
        "Build it with `cargo build --release -p pjrt`, reinstall jax-metallib, "
        "or set JAX_METALLIB_LIBRARY_PATH to its path."
    )
