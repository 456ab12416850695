"""Runs snippets of Python in a fresh process, for what must not touch the test's own."""

import os
import subprocess
import sys
import textwrap

from .harness import SUBJECT

PLATFORMS = "cpu" if SUBJECT == "cpu" else "mps,cpu"


def python(
    code: str,
    *,
    timeout: float = 120,
    check: bool = True,
    env: dict[str, str | None] | None = None,
) -> subprocess.CompletedProcess:
    """Runs `code`, in which `PLATFORM` names the platform under test.

    env: variables to set, or to unset where the value is None. A hang is a failure.
    """
    environment = dict(os.environ)
    environment["JAX_PLATFORMS"] = PLATFORMS
    for name, value in (env or {}).items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    source = f"PLATFORM = {SUBJECT!r}\n" + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", source],
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if check:
        assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
    return done
