"""The wheel: its tag, what it holds, and that it works where nothing else is."""

import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

from .subprocesses import PLATFORMS

ROOT = pathlib.Path(__file__).resolve().parent.parent

pytestmark = [pytest.mark.mps_only, pytest.mark.on_demand]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from the tree; Cargo has built the library already, in the same profile."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", folder, ROOT], check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_tag(wheel):
    name, version, python, abi, platform = wheel.stem.split("-")
    assert (name, python, abi) == ("jax_metallib", "py3", "none")
    assert version
    assert platform not in ("any", "")


def test_contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        (entry_points,) = (n for n in sizes if n.endswith("entry_points.txt"))
        assert "[jax_plugins]" in archive.read(entry_points).decode()
    (library,) = (name for name in sizes if name.startswith("jax_metallib/libjax_metallib."))
    # The host engine and all else take some 10.5 MB, the GPU engine with wgpu and naga the rest.
    assert sizes[library] <= 15 << 20
    assert "jax_metallib/_lowerings.py" in sizes
    assert not [name for name in sizes if name.startswith(("tests/", "benchmarks/"))]
    assert any(name.endswith("LICENSE") for name in sizes)


def test_installed_wheel_runs(wheel, tmp_path):
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", tmp_path]
    subprocess.run([*install, wheel], check=True)
    code = (
        "import jax, jax_metallib; print(jax_metallib.info()['library_path']);"
        "print(jax.jit(lambda x: x * 2)(21.0), jax.default_backend())"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "JAX_PLATFORMS": PLATFORMS}
    environment.pop("JAX_METALLIB_LIBRARY_PATH", None)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    path, answer = done.stdout.splitlines()
    assert pathlib.Path(path).parent.parent == tmp_path
    assert answer == "42.0 mps"
