"""How the package presents itself to JAX: registration, settings, lowerings, devices."""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_metallib
from jax_metallib import _library, _lowerings, _registration, _settings

from .harness import MODE
from .subprocesses import python

mps_only = pytest.mark.mps_only
# Little of it depends on the device.
pytestmark = pytest.mark.on_demand


class TestSettings:
    def test_defaults(self):
        assert _settings.read({}) == _settings.Settings("auto", None)

    def test_empty_means_unset(self):
        empty = dict.fromkeys(("JAX_METALLIB_ADAPTER", "JAX_METALLIB_DEVICE", "MPS_LOG_LEVEL"), "")
        assert _settings.read(empty) == _settings.Settings()

    @pytest.mark.parametrize("name", _settings.NOT_YET)
    def test_variables_of_later_features(self, name):
        with pytest.raises(_settings.SettingsError, match=f"{name} is not supported yet"):
            _settings.read({name: "1"})

    @pytest.mark.parametrize("device", ["auto", "gpu", "host"])
    def test_device(self, device):
        assert _settings.read({"JAX_METALLIB_DEVICE": device}).device == device

    def test_unknown_device(self):
        with pytest.raises(_settings.SettingsError, match="expected `auto`, `gpu` or `host`"):
            _settings.read({"JAX_METALLIB_DEVICE": "cuda"})

    @pytest.mark.parametrize("name", ["JAX_METALLIB_VERIFY", "JAX_METALLIB_DETERMINISTIC"])
    def test_switches(self, name):
        for value in ("0", "1", ""):
            assert _settings.read({name: value})
        with pytest.raises(_settings.SettingsError, match=f"{name}=yes: expected `0` or `1`"):
            _settings.read({name: "yes"})

    def test_log_level(self):
        assert _settings.read({"MPS_LOG_LEVEL": "3"})
        with pytest.raises(_settings.SettingsError, match=r"0 \(error\), 1 \(warning\)"):
            _settings.read({"MPS_LOG_LEVEL": "loud"})


class TestLibrary:
    def test_given_file_and_folder(self, tmp_path):
        library = tmp_path / _library.NAME
        library.touch()
        for given in (library, tmp_path):
            assert _library.find(_settings.Settings(library_path=str(given))) == library

    def test_given_path_is_not_searched_around(self, tmp_path):
        with pytest.raises(_library.LibraryNotFound, match="JAX_METALLIB_LIBRARY_PATH="):
            _library.find(_settings.Settings(library_path=str(tmp_path / "missing.so")))

    def test_the_package_comes_first(self):
        places = list(_library.candidates())
        assert places[0] == _library.PACKAGE / _library.NAME
        assert places[1].parts[-3:-1] == ("target", "release")

    def test_nothing_found_names_the_places(self, monkeypatch):
        monkeypatch.setattr(_library, "candidates", lambda: iter([_library.PACKAGE / "nowhere"]))
        with pytest.raises(_library.LibraryNotFound, match=r"not found in any of\n  .*nowhere"):
            _library.find(_settings.Settings())


class TestPriority:
    def test_default_on_macos(self):
        assert _registration._priority("darwin", "") == 500

    def test_below_cpu_elsewhere(self):
        assert _registration._priority("linux", "") < 0
        assert _registration._priority("linux", "cpu") < 0

    def test_named(self):
        assert _registration._priority("linux", "mps,cpu") == 500


LINALG = {
    "eigh": (jnp.linalg.eigh, {"mps.eigh"}),
    "svd": (jnp.linalg.svd, {"mps.svd"}),
    "eig": (jnp.linalg.eig, {"mps.eig"}),
    "schur": (jax.lax.linalg.schur, {"mps.schur"}),
    "hessenberg": (jax.lax.linalg.hessenberg, {"mps.hessenberg"}),
    "tridiagonal": (jax.lax.linalg.tridiagonal, {"mps.tridiagonal"}),
    "qr": (jnp.linalg.qr, {"mps.geqrf", "mps.orgqr"}),
    "qr_pivoting": (
        lambda a: jax.scipy.linalg.qr(a, pivoting=True),
        {"mps.geqp3", "mps.orgqr"},
    ),
    "solve": (lambda a: jnp.linalg.solve(a, a[0]), {"mps.lu"}),
    "random": (lambda a: jax.random.normal(jax.random.key(0), a.shape), {"mps.threefry2x32"}),
}


def targets(fn, *args):
    """The `mps.` custom call targets in the program for platform mps."""
    lowered = jax.jit(fn).trace(*args).lower(lowering_platforms=("mps",))
    words = lowered.as_text().replace("(", " ").split()
    return {word[1:] for word in words if word.startswith("@mps.")}


@pytest.mark.compat
@mps_only
@pytest.mark.parametrize("name", LINALG)
def test_lowerings(name):
    """Lowering for mps needs no device, only the registration."""
    jax.devices()
    fn, expected = LINALG[name]
    found = targets(fn, np.eye(4, dtype=np.float32))
    assert found == expected
    assert found <= _lowerings.TARGETS


@pytest.mark.compat
def test_no_feature_of_this_jax_is_lost():
    script = """
        import logging
        records = []
        handler = logging.Handler()
        handler.emit = lambda record: records.append(record.getMessage())
        logging.getLogger("jax_metallib").addHandler(handler)
        import jax
        jax.devices()
        assert not [r for r in records if "goes without" in r], records
    """
    python(script)


@pytest.mark.compat
@mps_only
def test_devices():
    (device,) = jax.devices("mps")
    assert device.platform == "mps"
    assert device.id == 0 and device.process_index == 0
    assert device.device_kind == jax_metallib.info()["device"]
    assert jax.default_backend() == "mps"
    assert "mps" in repr(device).lower() or "mps" in str(device).lower()


@pytest.mark.compat
@mps_only
def test_info():
    info = jax_metallib.info()
    assert info["version"] == jax_metallib.__version__
    assert info["library_path"].endswith(_library.NAME)
    assert "error" not in info
    json.dumps(info)


@pytest.mark.compat
@mps_only
@pytest.mark.skipif(MODE == "mps", reason="needs cpu beside mps")
def test_cpu_beside_mps():
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    cpu, mps = jax.devices("cpu")[0], jax.devices("mps")[0]
    on_mps = jax.device_put(x, mps)
    on_cpu = jax.device_put(on_mps * 2, cpu)
    back = jax.device_put(on_cpu + 1, mps)
    assert on_cpu.devices() == {cpu} and back.devices() == {mps}
    np.testing.assert_array_equal(back, x * 2 + 1)
    with jax.default_device(cpu):
        assert jnp.ones(3).devices() == {cpu}


@mps_only
def test_default_platform_elsewhere_is_cpu():
    script = """
        import jax
        print(jax.default_backend(), jax.devices("mps")[0].platform)
    """
    done = python(script, env={"JAX_PLATFORMS": None})
    expected = "mps mps" if sys.platform == "darwin" else "cpu mps"
    assert done.stdout.split() == expected.split()
    assert "experimental" not in done.stderr


def test_import_and_registration_start_no_threads():
    script = """
        import os, threading
        def count():
            return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0
        import jax, jax.numpy, jax.export, jax._src.xla_bridge
        before = count(), threading.active_count()
        import jax_metallib
        jax_metallib.initialize()
        jax_metallib.info()
        assert (count(), threading.active_count()) == before
    """
    python(script)


def test_no_flag_is_changed():
    script = """
        import jax
        before = dict(jax.config.values)
        import jax_metallib
        jax_metallib.initialize()
        after = dict(jax.config.values)
        changed = {k for k in after if after[k] != before.get(k)}
        assert not changed, changed
    """
    python(script)


def test_initialize_twice_is_once():
    script = """
        import jax, jax_metallib
        jax_metallib.initialize()
        jax_metallib.initialize()
        jax.devices()
    """
    python(script)


BAD_SETTINGS = {
    "JAX_METALLIB_NUM_DEVICES": ("2", "JAX_METALLIB_NUM_DEVICES is not supported yet"),
    "JAX_METALLIB_DEVICE": ("cuda", "expected `auto`, `gpu` or `host`"),
    "JAX_METALLIB_LIBRARY_PATH": ("/nowhere/lib.so", "there is no such library"),
}


@pytest.mark.parametrize("name", BAD_SETTINGS)
def test_bad_setting_is_the_error_of_a_program_that_asks_for_mps(name):
    value, message = BAD_SETTINGS[name]
    done = python(
        "import jax; jax.devices()", check=False, env={name: value, "JAX_PLATFORMS": "mps"}
    )
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1] or message in done.stderr


@pytest.mark.parametrize("name", BAD_SETTINGS)
def test_bad_setting_leaves_cpu_alone(name):
    value, message = BAD_SETTINGS[name]
    script = "import jax; print(jax.default_backend(), jax.jit(lambda x: x + 1)(1))"
    done = python(script, env={name: value, "JAX_PLATFORMS": None})
    assert done.stdout.split() == ["cpu", "2"]
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_library(tmp_path):
    path = tmp_path / "text.so"
    path.write_text("not a library")
    env = {"JAX_METALLIB_LIBRARY_PATH": str(path), "JAX_PLATFORMS": "mps"}
    done = python("import jax; jax.devices()", check=False, env=env)
    assert done.returncode == 1
    assert "could not be loaded" in done.stderr


def test_another_plugin_registered_mps_first():
    """The other one stays, the message names it, and JAX works."""
    script = """
        import sys, types
        from jax._src import xla_bridge
        def other():
            raise RuntimeError("the other plugin has no device here")
        xla_bridge.register_backend_factory("mps", other, priority=-1, fail_quietly=True)
        import jax
        print(jax.jit(lambda x: x + 1)(1))
        assert xla_bridge._backend_factories["mps"].factory is other
    """
    done = python(script, env={"JAX_PLATFORMS": None})
    assert done.stdout.split() == ["2"]
    assert "platform 'mps' was already registered by" in done.stderr
    assert "Uninstall one of the two" in done.stderr


@mps_only
def test_donation():
    step = jax.jit(lambda x: x + 1, donate_argnums=0)
    x = jax.device_put(np.zeros(1000, np.float32), jax.devices("mps")[0])
    y = step(x)
    assert x.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        x + 1
    np.testing.assert_array_equal(y, np.ones(1000))


@pytest.mark.compat
@mps_only
def test_export():
    """Programs with our custom calls export without disabled checks."""
    from jax import export

    jax.devices()

    def fn(x):
        return jnp.linalg.eigh(x)[0] + jax.random.uniform(jax.random.key(0), (4,))

    x = np.eye(4, dtype=np.float32)
    exported = export.export(jax.jit(fn), platforms=["mps", "cpu"])(x)
    np.testing.assert_allclose(exported.call(x), jax.jit(fn)(x), 1e-5)


def test_platform_dependent():
    def fn(x):
        return jax.lax.platform_dependent(x, mps=lambda x: x + 1, default=lambda x: x - 1)

    platform = jax.default_backend()
    assert float(jax.jit(fn)(1.0)) == (2.0 if platform == "mps" else 0.0)
