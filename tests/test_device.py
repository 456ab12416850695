"""The device that programs run on: its choice, and what holds whichever it is."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from .harness import HAVE_CPU, SUBJECT, check, x64
from .subprocesses import python

mps_only = pytest.mark.mps_only

SOFTWARE = "llvmpipe"

# What each choice gives is printed as: engine, device kind.
REPORT = """
    import jax, jax_metallib
    kind = jax.devices("mps")[0].device_kind
    assert kind == jax_metallib.info()["device"], kind
    print(jax_metallib.info()["engine"], kind, sep="|")
    x = jax.device_put(3, jax.devices("mps")[0])
    assert jax.jit(lambda x: x * 2)(x) == 6
"""


def device():
    return jax.devices(SUBJECT)[0]


@pytest.fixture(scope="module")
def software_vulkan():
    """Skips where Mesa's software Vulkan is missing; in CI that is a failure."""
    done = python("import jax_metallib; print(jax_metallib.info().get('error', ''))", env=choice())
    if done.stdout.strip():
        assert not os.environ.get("CI"), done.stdout
        pytest.skip(done.stdout.strip())


def choice(device: str | None = "gpu", adapter: str | None = SOFTWARE) -> dict[str, str | None]:
    return {"JAX_METALLIB_DEVICE": device, "JAX_METALLIB_ADAPTER": adapter}


@pytest.mark.on_demand
class TestChoice:
    """Each in a process of its own, so that it is the same whatever these tests run on."""

    @mps_only
    def test_host(self):
        engine, kind = python(REPORT, env=choice("host", None)).stdout.strip().split("|")
        assert engine == "host" and kind.startswith("host (")

    @mps_only
    def test_host_ignores_the_adapter(self):
        assert python(REPORT, env=choice("host", "no such card")).stdout.startswith("host|")

    @mps_only
    @pytest.mark.parametrize("wanted", ["gpu", "auto", None])
    def test_named_adapter(self, wanted, software_vulkan):
        """Software devices are taken when they are named, in any case and in part."""
        engine, kind = python(REPORT, env=choice(wanted, "LLVMpipe")).stdout.strip().split("|")
        assert engine == "gpu" and SOFTWARE in kind and "Vulkan" in kind

    @mps_only
    def test_auto_takes_no_software_device(self, software_vulkan):
        assert SOFTWARE not in python(REPORT, env=choice(None, None)).stdout

    @mps_only
    def test_missing_adapter_is_an_error_that_lists_what_there_is(self, software_vulkan):
        code = "import jax; jax.devices('mps')"
        env = {**choice("gpu", "no such card"), "JAX_PLATFORMS": "mps"}
        done = python(code, check=False, env=env)
        assert done.returncode == 1
        last = done.stderr.strip().splitlines()[-1]
        assert "no GPU has `no such card` in its name (JAX_METALLIB_ADAPTER)" in last
        assert SOFTWARE in last

    @mps_only
    def test_missing_adapter_leaves_cpu_alone(self):
        code = """
            import jax
            print(jax.default_backend(), jax.jit(lambda x: x + 1)(1))
            try:
                jax.devices("mps")
            except RuntimeError as error:
                assert "no such card" in str(error), error
            else:
                raise AssertionError("mps was there")
        """
        done = python(code, env={**choice("gpu", "no such card"), "JAX_PLATFORMS": None})
        assert done.stdout.split() == ["cpu", "2"]
        assert "Platform 'mps' is not available" in done.stderr
        assert "Traceback" not in done.stderr

    @mps_only
    def test_deterministic_scatters_add_in_order(self, software_vulkan):
        code = """
            import jax, jax.numpy as jnp, numpy as np
            rng = np.random.default_rng(0)
            places = rng.integers(0, 7, 5000)
            values = rng.standard_normal(5000) * 10.0 ** rng.integers(-6, 7, 5000)
            expected = np.zeros(7, np.float32)
            np.add.at(expected, places, values.astype(np.float32))
            add = jax.jit(lambda i, v: jnp.zeros(7, jnp.float32).at[i].add(v))
            np.testing.assert_array_equal(add(places, values.astype(np.float32)), expected)
        """
        python(code, env={**choice("gpu", SOFTWARE), "JAX_METALLIB_DETERMINISTIC": "1"})

    def test_info_says_what_is_wrong(self):
        code = "import jax_metallib; print(jax_metallib.info()['error'])"
        assert "no such card" in python(code, env=choice("gpu", "no such card")).stdout


def test_double_precision():
    """What the device cannot compute itself is computed for it."""

    def fn(x, n):
        y = jnp.tanh(x) @ x.T + jnp.exp(-x).sum(1)
        steps = jax.lax.fori_loop(0, 5, lambda i, y: jnp.cos(y) + i, y)
        return y, steps, (x.astype(jnp.float32) * 2).astype(jnp.float64), n << 40, n.sum()

    rng = np.random.default_rng(0)
    with x64():
        check(fn, rng.standard_normal((30, 20)), rng.integers(-1000, 1000, 50), tolerance=1e-13)


@pytest.mark.skipif(not HAVE_CPU, reason="needs cpu beside mps")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8", "bool", "complex64", "uint32"])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 5), (1000, 33)])
def test_transfer_to_cpu_and_back(dtype, shape):
    x = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 100, shape)
    x = x.astype(jnp.dtype(dtype))
    cpu = jax.devices("cpu")[0]
    there = jax.device_put(x, device())
    on_cpu = jax.device_put(there, cpu)
    back = jax.device_put(on_cpu, device())
    assert on_cpu.devices() == {cpu} and back.devices() == {device()}
    for each in (there, on_cpu, back):
        np.testing.assert_array_equal(np.asarray(each), x)
    # A result that is still being computed can be sent away.
    twice = jax.device_put(jax.jit(lambda x: jnp.logical_not(jnp.logical_not(x)))(back), cpu)
    np.testing.assert_array_equal(twice, x.astype(bool))


def test_long_chain_of_calls():
    """Two hundred steps, none of which is waited for, with the state donated and without."""
    for donate in ((), (0,)):
        step = jax.jit(lambda x, i: (x * 3 + i) % 1009, donate_argnums=donate)
        expected = np.arange(3000, dtype=np.int32)
        x = jax.device_put(expected, device())
        for i in range(200):
            x = step(x, np.int32(i))
            expected = (expected * 3 + i) % 1009
        np.testing.assert_array_equal(x, expected)


def test_donated_memory_is_not_seen_by_others():
    """Whoever holds an earlier value keeps it."""
    step = jax.jit(lambda x, y: (x + 1, y * 2), donate_argnums=(0, 1))
    x = jax.device_put(np.arange(5000, dtype=np.float32), device())
    y = jax.device_put(np.ones(77, np.int8), device())
    kept = jax.jit(lambda x: x - 1)(x)
    views = []
    for _ in range(5):
        views.append(np.asarray(x))
        x, y = step(x, y)
    np.testing.assert_array_equal(kept, np.arange(5000) - 1)
    np.testing.assert_array_equal(x, np.arange(5000) + 5)
    np.testing.assert_array_equal(y, np.full(77, 32))
    for i, view in enumerate(views):
        np.testing.assert_array_equal(view, np.arange(5000) + i)


def test_large_arrays():
    """160 MB: more than many devices bind at once (128 MiB on Mesa's software Vulkan)."""
    n = 40_000_000
    x = np.arange(n, dtype=np.int32)
    on_device = jax.device_put(x, device())
    plus = jax.jit(lambda x: x + 1)(on_device)
    assert int(plus[-1]) == n and int(plus[n // 2]) == n // 2 + 1
    assert int(jax.jit(lambda x: jnp.max(x ^ 1))(plus)) == n + 1
    np.testing.assert_array_equal(np.asarray(plus)[:: n // 100], x[:: n // 100] + 1)
    # Temporary, donated and carried arrays, beside small ones on the device.
    total = jax.jit(lambda x, k: jnp.cumsum(x * k)[::1000].sum() + k)(on_device, jnp.int32(0))
    assert int(total) == 0
    donated = jax.jit(lambda x: x.at[5].set(-7), donate_argnums=0)(plus)
    assert donated[:7].tolist() == [1, 2, 3, 4, 5, -7, 7]
    carried = jax.jit(lambda x: jax.lax.fori_loop(0, 3, lambda i, x: x + i, x))(donated)
    assert int(carried[5]) == -4 and int(carried[-1]) == n + 3
    # Read across rows, as a table, and by columns.
    matrix = jax.jit(lambda x: x.reshape(8000, 5000))(on_device)
    np.testing.assert_array_equal(
        jax.jit(lambda m: m.T[:, ::997])(matrix), x.reshape(8000, 5000).T[:, ::997]
    )
    rows = jnp.array([7999, 0, 4000])
    np.testing.assert_array_equal(
        jax.jit(lambda m, i: m[i])(matrix, rows), x.reshape(8000, 5000)[rows]
    )
    np.testing.assert_array_equal(jax.jit(lambda m: m.max(0))(matrix), x[-5000:])
    # One that nothing computes with, and one that is handed through.
    same, small = jax.jit(lambda x, y: (x, y + 1), keep_unused=True)(carried, np.float32(1))
    assert int(same[-1]) == n + 3 and float(small) == 2
