"""Builds the wheel: Cargo builds the shared library and the package ships it.

The metadata is in pyproject.toml. The library speaks a C interface, not Python's, so one wheel
serves every Python 3 on a platform.
"""

import json
import pathlib
import shutil
import subprocess
import sys

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = pathlib.Path(__file__).resolve().parent
LIBRARY = "libjax_metallib.dylib" if sys.platform == "darwin" else "libjax_metallib.so"


def target_folder():
    """Cargo's output folder, which the user may have moved."""
    query = ["cargo", "metadata", "--format-version=1", "--no-deps"]
    done = subprocess.run(query, cwd=ROOT, check=True, capture_output=True, text=True)
    return pathlib.Path(json.loads(done.stdout)["target_directory"])


class BuildWithLibrary(build_py):
    """Adds the library to the package; an editable install finds it in Cargo's folder instead."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        subprocess.run(["cargo", "build", "--release", "-p", "pjrt"], cwd=ROOT, check=True)
        built = target_folder() / "release" / LIBRARY
        shutil.copy2(built, pathlib.Path(self.build_lib) / "jax_metallib" / LIBRARY)


class AnyPythonWheel(bdist_wheel):
    """Tags the wheel py3-none-<platform>."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class BinaryDistribution(Distribution):
    """Has platform-dependent files although no extension module is declared."""

    def has_ext_modules(self):
        return True


setup(
    distclass=BinaryDistribution,
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": AnyPythonWheel},
)
