"""Tells what is installed and in use, for people and for bug reports."""

import ctypes
import json
import os
import pathlib
from typing import Any

from . import _library, _settings


def library_info(path: pathlib.Path) -> dict[str, Any]:
    """What the library says of itself; `{}` if it is of a build that does not answer.

    Loading it starts no threads, touches no GPU and makes no client.
    """
    library = ctypes.CDLL(os.fspath(path))
    try:
        query = library.jax_metallib_info
    except AttributeError:
        return {}
    query.restype = ctypes.c_char_p
    query.argtypes = []
    answer = query()
    return json.loads(answer) if answer else {}


def info() -> dict[str, Any]:
    """Version, library path, device, engine and threads, and the version of JAX beside them.

    Where the library cannot be used, `error` says why and what comes from it is missing.
    """
    import jax
    import jaxlib

    from . import __version__

    answer: dict[str, Any] = {
        "version": __version__,
        "jax": jax.__version__,
        "jaxlib": jaxlib.__version__,
        "platform": "mps",
        "library_path": None,
    }
    try:
        path = _library.find(_settings.read())
        answer["library_path"] = os.fspath(path)
        known = library_info(path)
    except (_settings.SettingsError, OSError, ValueError) as error:
        answer["error"] = str(error)
        return answer
    if "error" in known:
        answer["error"] = known["error"]
        return answer
    answer["library_version"] = known.get("version")
    answer["device"] = known.get("device_kind")
    answer["engine"] = known.get("engine")
    for name in ("driver", "abilities"):
        if known.get(name):
            answer[name] = known[name]
    answer["threads"] = known.get("threads")
    return answer
