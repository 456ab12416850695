"""Python functions that programs call while they run, such as those of `jax.pure_callback`.

JAX lowers all of them by one function, which knows JAX's own platforms only; for ours it is
replaced by `_emit`. A call becomes the custom call `mps.callback` with the handle of a function of
this process. The library calls `_call` with that handle and the addresses of the arrays, on the
thread that runs the program: so a function must not wait for other programs of the device.
"""

import ctypes
import dataclasses
import functools
import itertools
import secrets
import traceback
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

# Functions live as long as the programs that call them. Handles are random, so that programs that
# were serialized by another process find no function rather than a wrong one.
_functions: "weakref.WeakValueDictionary[int, _Function]" = weakref.WeakValueDictionary()

_handles = itertools.count(secrets.randbits(62))

_HANDLER = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_uint64,
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.c_void_p,
    ctypes.c_size_t,
)


class _Function:
    """A function and the arrays that it takes and gives."""

    def __init__(self, function: Callable, inputs: Sequence, outputs: Sequence):
        self.function = function
        self.inputs = [(aval.shape, np.dtype(aval.dtype)) for aval in inputs]
        self.outputs = [(aval.shape, np.dtype(aval.dtype)) for aval in outputs]

    def __call__(self, reads: Sequence[int], writes: Sequence[int]) -> None:
        # Copies: the function may keep its arguments, the memory is the program's.
        arguments = [
            _array(address, *ty).copy() for address, ty in zip(reads, self.inputs, strict=True)
        ]
        results = self.function(*arguments)
        if len(results) != len(self.outputs):
            raise RuntimeError(
                "Mismatched number of outputs from callback. "
                f"Expected: {len(self.outputs)}, Actual: {len(results)}"
            )
        values = [_canonical(result) for result in results]
        for i, (value, (shape, dtype)) in enumerate(zip(values, self.outputs, strict=True)):
            for what, expected, actual in (
                ("shape", shape, value.shape),
                ("dtype", dtype, value.dtype),
            ):
                if expected != actual:
                    raise RuntimeError(
                        f"Incorrect output {what} for return value #{i}: "
                        f"Expected: {expected}, Actual: {actual}"
                    )
        for address, value, ty in zip(writes, values, self.outputs, strict=True):
            np.copyto(_array(address, *ty), value)


def _array(address: int | None, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """The array at an address, which is not kept alive."""
    size = dtype.itemsize * int(np.prod(shape))
    if size == 0:
        return np.empty(shape, dtype)
    memory = (ctypes.c_char * size).from_address(address)
    return np.frombuffer(memory, dtype=dtype).reshape(shape)


def _canonical(value: Any) -> np.ndarray:
    import jax

    value = np.asarray(value)
    return value.astype(jax.dtypes.canonicalize_dtype(value.dtype), copy=False)


@_HANDLER
def _call(handle, reads, writes, message, capacity) -> int:
    try:
        function = _functions.get(handle)
        if function is None:
            raise RuntimeError("the Python function of this program is not in this process")
        function(
            [reads[i] for i in range(len(function.inputs))],
            [writes[i] for i in range(len(function.outputs))],
        )
        return 0
    except BaseException:
        text = traceback.format_exc().encode(errors="replace").replace(b"\0", b"")
        # What matters stands at the end of a traceback.
        text = text[max(0, len(text) - capacity + 1) :]
        ctypes.memmove(message, text + b"\0", len(text) + 1)
        return 1


def client_options() -> dict[str, int]:
    """What tells a client of the library how to call functions."""
    return {"callback_handler": ctypes.cast(_call, ctypes.c_void_p).value}


def register(platform: str) -> Iterator[str]:
    """Makes JAX's callbacks work on `platform`; yields what this version of JAX lacks."""
    from jax._src import callback
    from jax.interpreters import mlir

    original = callback.emit_python_callback
    emit = functools.partial(_emit, original, platform)
    functools.update_wrapper(emit, original)
    for module in (callback, mlir):
        if hasattr(module, "emit_python_callback"):
            module.emit_python_callback = emit
    for primitive, module, rule in _RULES:
        try:
            owner = __import__(module, fromlist=[primitive])
            mlir.register_lowering(
                getattr(owner, primitive), getattr(owner, rule), platform=platform
            )
        except Exception as error:
            name = primitive.removesuffix("_p")
            yield f"the primitive {name} ({type(error).__name__}: {error})"


# Primitives whose rule JAX registers for its own platforms only.
_RULES = (
    ("debug_callback_p", "jax._src.debugging", "debug_callback_lowering"),
    ("debug_print_p", "jax._src.debugging", "debug_print_lowering_rule"),
    ("check_p", "jax._src.checkify", "check_lowering_rule"),
)


def _emit(
    original: Callable,
    platform: str,
    ctx,
    callback: Callable,
    token: Any,
    operands: Sequence,
    operand_avals: Sequence,
    result_avals: Sequence,
    *,
    has_side_effect: bool,
    **others: Any,
):
    """Emits a call of `callback`: results, the next token, and nothing that JAX must hold."""
    if tuple(ctx.module_context.platforms) != (platform,):
        return original(
            ctx,
            callback,
            token,
            operands,
            operand_avals,
            result_avals,
            has_side_effect=has_side_effect,
            **others,
        )
    from jax import ffi
    from jax._src import core

    function = _Function(callback, operand_avals, result_avals)
    handle = next(_handles)
    _functions[handle] = function
    ctx.module_context.add_keepalive(function)
    # JAX keeps programs with host callbacks out of its cache on disk, and its barrier of effects
    # waits for them.
    ctx.module_context.host_callbacks.append(function)
    tokens = [] if token is None else [token]
    token_avals = [core.abstract_token] * len(tokens)
    ctx = dataclasses.replace(
        ctx,
        # Tokens come last: the library hands over the addresses of the arrays before them.
        avals_in=[*operand_avals, *token_avals],
        avals_out=[*result_avals, *token_avals],
    )
    lower = ffi.ffi_lowering(
        "mps.callback", has_side_effect=has_side_effect, skip_ffi_layout_processing=True
    )
    results = list(lower(ctx, *operands, *tokens, handle=np.int64(handle)))
    next_token = results.pop() if tokens else None
    return results, next_token, None
