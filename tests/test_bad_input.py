"""Mistakes and rough handling: errors a program can catch, never a crash or a hang."""

import sys
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from .harness import SUBJECT
from .subprocesses import python

mps_only = pytest.mark.mps_only


def device():
    return jax.devices(SUBJECT)[0]


def put(x):
    return jax.device_put(x, device())


@pytest.fixture(autouse=True)
def survivors():
    """Other buffers keep their values, and the device goes on working."""
    x = put(np.arange(100, dtype=np.float32))
    yield
    np.testing.assert_array_equal(x, np.arange(100))
    np.testing.assert_array_equal(jax.jit(lambda x: x + 1)(x), np.arange(1, 101))


@pytest.mark.compat
def test_deleted_buffer():
    x = put(np.ones(5, np.float32))
    x.delete()
    with pytest.raises(RuntimeError, match="deleted"):
        np.asarray(x)
    with pytest.raises((RuntimeError, ValueError), match="deleted"):
        jax.jit(lambda x: x + 1)(x)


@pytest.mark.compat
def test_donated_buffer():
    x = put(np.ones(1000, np.float32))
    y = jax.jit(lambda x: x * 2, donate_argnums=0)(x)
    assert x.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        np.asarray(x)
    np.testing.assert_array_equal(y, np.full(1000, 2))


@pytest.mark.compat
def test_same_buffer_donated_and_read():
    def fn(a, b):
        return a.at[0].set(5), b + 1

    z = put(np.zeros(1000, np.float32))
    try:
        first, second = jax.jit(fn, donate_argnums=0)(z, z)
    except (RuntimeError, ValueError) as error:
        # XLA:CPU refuses; the values of a platform that accepts must be right.
        assert SUBJECT == "cpu", error
        return
    np.testing.assert_array_equal(first, [5] + [0] * 999)
    np.testing.assert_array_equal(second, np.ones(1000))


def test_donated_while_numpy_reads():
    """A view that NumPy holds keeps its values."""
    x = put(np.arange(1000, dtype=np.float32))
    view = np.asarray(x)
    y = jax.jit(lambda x: x * 2, donate_argnums=0)(x)
    np.testing.assert_array_equal(y, np.arange(1000) * 2)
    np.testing.assert_array_equal(view, np.arange(1000))


def test_source_changed_after_transfer():
    source = np.arange(100_000, dtype=np.float32)
    x = put(source)
    source[:] = -1
    np.testing.assert_array_equal(x, np.arange(100_000))


@pytest.mark.compat
def test_wrong_arguments():
    compiled = jax.jit(lambda x, y: x + y).lower(put(np.ones(3)), put(np.ones(3))).compile()
    with pytest.raises(TypeError):
        compiled(put(np.ones(3)))
    with pytest.raises(TypeError):
        compiled(put(np.ones(4)), put(np.ones(4)))
    with pytest.raises(TypeError):
        compiled(put(np.ones(3, np.int32)), put(np.ones(3, np.int32)))
    np.testing.assert_array_equal(compiled(put(np.ones(3)), put(np.ones(3))), np.full(3, 2))


@pytest.mark.compat
@mps_only
def test_unknown_custom_calls_are_all_named():
    """One error names every missing target, where it stands, and what to do."""

    def fn(x):
        shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
        y = jax.ffi.ffi_call("nobody_knows_this", shape)(x)
        return jax.ffi.ffi_call("nor_this_one", shape)(y + 1)

    with pytest.raises(jax.errors.JaxRuntimeError) as raised:
        jax.jit(fn)(put(np.ones(3, np.float32)))
    message = str(raised.value)
    assert "nobody_knows_this" in message and "nor_this_one" in message
    assert "test_bad_input.py" in message
    assert "report" in message


@mps_only
def test_array_larger_than_memory_is_refused():
    def fn(x):
        return jnp.broadcast_to(x, (1 << 20, 1 << 24)) + jnp.arange(1 << 24, dtype=jnp.float32)

    with pytest.raises(jax.errors.JaxRuntimeError, match="RESOURCE_EXHAUSTED"):
        jax.block_until_ready(jax.jit(fn)(put(np.float32(1))))


@mps_only
def test_scratch_larger_than_memory_is_refused():
    def fn(x):
        big = jnp.broadcast_to(x, (1 << 20, 1 << 24)).at[3, 5].set(2)
        return jnp.sort(big, axis=0).sum()

    with pytest.raises(jax.errors.JaxRuntimeError, match="RESOURCE_EXHAUSTED"):
        jax.block_until_ready(jax.jit(fn)(put(np.float32(1))))


def in_threads(work):
    """What `work` gives for each number below eight, in as many threads; a hang is a failure."""
    return list(ThreadPoolExecutor(8).map(work, range(8), timeout=120))


def test_threads_compile_and_run():
    """Eight threads agree with one."""

    def work(seed):
        results = []
        for i in range(6):
            # A fresh function compiles anew; the constant tells programs apart.
            fn = jax.jit(lambda x, k=seed * 100 + i: jnp.tanh(x @ x.T).sum(0) * k)
            x = np.random.default_rng(seed).standard_normal((30 + i, 20)).astype(np.float32)
            results.append(np.asarray(fn(put(x))))
        return results

    expected = [work(seed) for seed in range(8)]
    for ours, theirs in zip(in_threads(work), expected, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_threads_share_one_executable():
    step = jax.jit(lambda x: jnp.sin(x) + 1)
    x = put(np.arange(5000, dtype=np.float32))
    expected = np.asarray(step(x))

    def equal(_):
        return all(np.array_equal(step(x), expected) for _ in range(50))

    assert all(in_threads(equal))


LONG = """
    import jax, jax.numpy as jnp, numpy as np
    device = jax.devices(PLATFORM)[0]
    x = jax.device_put(np.full((300, 300), 1e-3, np.float32), device)
    # A GPU made of software is slow.
    steps = 30 if "llvmpipe" in device.device_kind else 400
    long = jax.jit(lambda x: jax.lax.fori_loop(0, steps, lambda i, y: jnp.tanh(y @ x) + i, x))
    long.lower(x).compile()
"""


@pytest.mark.compat
def test_exit_with_pending_work():
    python(LONG + "\n    pending = [long(x + i) for i in range(3)]\n    print('leaving')\n")


def test_results_may_be_dropped_while_pending():
    code = """
    y = long(x)
    del y
    z = long(x * 2)
    z.delete()
    print(float((x + 1).sum()))
    """
    assert float(python(LONG + code).stdout) == pytest.approx(90090, rel=1e-5)


@mps_only
def test_long_run_returns_before_it_is_done():
    code = """
    y = long(x)
    print(y.is_ready())
    y.block_until_ready()
    print(y.is_ready())
    """
    assert python(LONG + code).stdout.split() == ["False", "True"]


def test_clear_caches():
    fn = jax.jit(lambda x: x * 3)
    x = put(np.ones(4, np.float32))
    fn(x)
    jax.clear_caches()
    np.testing.assert_array_equal(fn(x), np.full(4, 3))


@pytest.mark.compat
def test_clear_backends():
    code = """
    import jax, numpy as np, jax.extend.backend
    for i in range(3):
        fn = jax.jit(lambda x: x + i)
        assert float(fn(np.float32(1))) == 1 + i
        jax.extend.backend.clear_backends()
    print(jax.default_backend())
    """
    assert python(code).stdout.split() == [SUBJECT]


FORK = """
    import os, sys, warnings
    warnings.simplefilter("ignore")
    import jax, jax.numpy as jnp, numpy as np
    fn = jax.jit(lambda x: jnp.sin(x) @ x.T)
    x = np.ones((200, 200), np.float32)
    fn(x).block_until_ready()
    pid = os.fork()
    if pid == 0:
        {child}
    _, status = os.waitpid(pid, 0)
    fn(x).block_until_ready()
    print("child", os.waitstatus_to_exitcode(status))
"""


@pytest.mark.compat
@pytest.mark.parametrize(
    "child",
    [
        "os._exit(0)",
        "os.execv('/bin/sh', ['sh', '-c', 'exit 0'])",
        "import subprocess; os._exit(subprocess.call(['true']))",
    ],
    ids=["exit", "exec", "subprocess"],
)
def test_fork(child):
    assert python(FORK.format(child=child)).stdout.split() == ["child", "0"]


@mps_only
def test_use_after_fork_is_an_error():
    """The threads of the parent do not exist in the child, so it must not wait for them."""
    child = """
        try:
            fn(x + 1).block_until_ready()
        except Exception as error:
            os._exit(7 if "fork" in str(error) else 8)
        os._exit(9)
    """
    done = python(FORK.format(child=child.strip()), timeout=60)
    assert done.stdout.split() == ["child", "7"]


@pytest.mark.compat
def test_error_names_no_internal_state():
    """A shape error of JAX is JAX's own and leaves the platform as it was."""
    with pytest.raises(TypeError):
        jax.jit(lambda x, y: x @ y)(put(np.ones((2, 3))), put(np.ones((2, 3))))


def test_many_arguments_and_results():
    args = [put(np.float32(i)) for i in range(500)]
    results = jax.jit(lambda *xs: [x + 1 for x in xs])(*args)
    assert [float(r) for r in results] == [i + 1 for i in range(500)]


def test_deeply_nested_program():
    def nest(depth, x):
        if depth == 0:
            return jnp.sin(x)
        return jax.lax.cond(x.sum() > -1e9, lambda x: nest(depth - 1, x) + 1, lambda x: x, x)

    x = np.ones(3, np.float32)
    result = jax.jit(lambda x: nest(30, x))(put(x))
    np.testing.assert_allclose(result, np.sin(x) + 30, rtol=1e-6)


def test_repeated_runs_do_not_grow():
    """Ten thousand calls leave the process as it was, within a few MB."""
    code = """
    import resource, jax, numpy as np
    fn = jax.jit(lambda x: (x * 2, x + 1))
    x = jax.device_put(np.ones(10_000, np.float32), jax.devices(PLATFORM)[0])
    for _ in range(500):
        y = fn(x)
    jax.block_until_ready(y)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(10_000):
        y = fn(x)
    jax.block_until_ready(y)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(grown)
    """
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(python(code).stdout) * unit < 64 * 2**20


def test_unknown_compile_options():
    def compile_with(**options):
        return jax.jit(lambda x: x + 1, compiler_options=options)(put(np.float32(1)))

    assert compile_with(xla_embed_ir_in_executable=False, exec_time_optimization_effort=0.5) == 2
    with pytest.raises(Exception, match="No such compile option: 'xle_option'"):
        compile_with(xle_option=True)
