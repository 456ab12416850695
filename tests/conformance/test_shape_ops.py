"""Ops that move elements: the results are exact."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from ..harness import case, check
from .values import integers, normal

X = normal(6, 5, 7)
V = normal(12)

CASES = [
    case("transpose", lambda x: (x.T, x.transpose(1, 0, 2), x.swapaxes(0, 1) * 2), X),
    case("reshape", lambda x: (x.reshape(-1), x.reshape(7, 30) + 1, x.reshape(2, 3, 35)), X),
    case("reshape_of_transpose", lambda x: x.transpose(2, 0, 1).reshape(35, 6) * 3, X),
    case("broadcast_in_dim", lambda v: jnp.broadcast_to(v[:, None], (12, 3)), V),
    case("broadcast_scalar", lambda x: jnp.broadcast_to(x, (4, 5)), np.float32(3)),
    case("slice_strided", lambda x: (x[1:5:2, ::3, 2:], lax.slice(x, (0, 1, 2), (6, 5, 7))), X),
    case("slice_negative_stride", lambda x: (x[::-1], x[4:1:-2, :, ::-1]), X),
    case("reverse", lambda x: lax.rev(x, (0, 2)) + x, X),
    case("concatenate", lambda x: jnp.concatenate([x, x[:2] * 2, -x], 0), X),
    case("concatenate_inner", lambda x: jnp.concatenate([x[..., :3], x, x[..., :0]], 2), X),
    case("stack", lambda v: (jnp.stack([v, v + 1]), jnp.stack([v, v, -v], axis=1)), V),
    case("pad", lambda x: jnp.pad(x, ((1, 2), (0, 0), (3, 1)), constant_values=5), X),
    case("pad_interior", lambda v: lax.pad(v, jnp.float32(-1), [(2, 1, 3)]), V),
    case("pad_negative", lambda v: lax.pad(v, jnp.float32(-1), [(-2, 4, 1)]), V),
    case("pad_all_cut", lambda v: lax.pad(v, jnp.float32(9), [(-14, 3, 0)]), V),
    case("pad_reflect", lambda x: jnp.pad(x, ((2, 2), (0, 0), (1, 1)), mode="reflect"), X),
    case("iota", lambda: (jnp.arange(17), lax.broadcasted_iota(jnp.int32, (3, 4), 0))),
    case("iota_float", lambda: lax.broadcasted_iota(jnp.float32, (3, 4, 5), 1) * 0.5),
    case("eye_tri", lambda: (jnp.eye(5, 7, 1), jnp.tri(4, 6), jnp.tril(jnp.ones((5, 5))))),
    case("roll", lambda x: jnp.roll(x, (2, -3), axis=(0, 2)), X),
    case("tile_repeat", lambda v: (jnp.tile(v, (2, 3)), jnp.repeat(v, 3), jnp.repeat(v, 2, 0)), V),
    case("split", lambda x: jnp.split(x, [1, 4], axis=0), X),
    case("squeeze_expand", lambda x: jnp.squeeze(x[:, None, :1, None]) + 1, X),
    case("select_n", lambda x: lax.select_n(x > 0, x, -x), X),
    case(
        "select_n_by_int",
        lambda i, v: lax.select_n(i, v, v * 2, v * 3),
        integers(12, high=3),
        V,
    ),
    case("clamp", lambda x: (lax.clamp(-0.5, x, 0.5), jnp.clip(x, None, 0.1)), X),
    case("diagonal", lambda x: (jnp.diagonal(x[:, :, 0]), jnp.diag(x[0, 0])), X),
    case("meshgrid", lambda v: jnp.meshgrid(v, v[:3]), V),
    case("constants", lambda: (np.arange(6, dtype=np.float32).reshape(2, 3) + 0, np.int8(3))),
    case("constant_large", lambda: jnp.asarray(normal(40, 50)) * 2),
    case("identity", lambda x: x, X),
    case("same_result_twice", lambda x: (x + 1, x + 1, x), X),
    case("unused_argument", lambda x, y: x * 2, X, V),
    case("no_results", lambda x: (), X),
    case("empty", lambda x: (x.T, jnp.concatenate([x, x]), x.reshape(3, 0), -x), normal(0, 3)),
    case("narrow_types", lambda x: (x.T, x[::-1, 1:], jnp.pad(x, 1)), integers(5, 7, dtype="int8")),
    case("bools", lambda x: (x.T, jnp.pad(x, 1), ~x[::2]), integers(5, 7, high=2).astype(bool)),
    case("complex", lambda z: (z.T, z[::-1], jnp.pad(z, 1)), normal(5, 7, dtype=np.complex64)),
]


@pytest.mark.compat
@pytest.mark.parametrize("case", CASES, ids=str)
def test_shape_op(case):
    check(case.fn, *case.args, exact=True)


@pytest.mark.parametrize("strides", ["transposed", "reversed", "broadcast", "every_second"])
def test_transfer_of_strided_arrays(strides):
    """NumPy arrays of any strides arrive as their values."""
    base = normal(8, 9)
    x = {
        "transposed": base.T,
        "reversed": base[::-1, ::-1],
        "broadcast": np.broadcast_to(base[:1], (4, 9)),
        "every_second": base[::2, 1::3],
    }[strides]
    check(lambda x: (x, x + 1), x, exact=True, reference=(x.copy(), x + np.float32(1)))
