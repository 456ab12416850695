"""Convolutions: layouts, strides, dilations, groups, both gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from ..harness import case, check
from .values import integers, normal


def conv(x, w, strides=(1, 1), padding="SAME", layout=("NHWC", "HWIO", "NHWC"), **options):
    return lax.conv_general_dilated(x, w, strides, padding, dimension_numbers=layout, **options)


def gradients(fn):
    """The function with its gradients, as sums of squares."""

    def with_gradients(x, w):
        return fn(x, w), jax.grad(lambda x, w: (fn(x, w) ** 2).sum(), (0, 1))(x, w)

    return with_gradients


X, W = normal(2, 11, 13, 6), normal(3, 3, 6, 8, seed=1)
DEPTHWISE = normal(3, 3, 1, 6)
ONE = ("NWC", "WIO", "NWC")

CASES = [
    case("same", conv, X, W),
    case("valid", lambda x, w: conv(x, w, padding="VALID"), X, W),
    case(
        "floats_of_integers",
        lambda x, w: conv(x, w, preferred_element_type=jnp.float32),
        integers(1, 5, 6, 3, low=-9, dtype="int8"),
        integers(2, 2, 3, 4, low=-9, dtype="int8"),
    ),
    case("strided", lambda x, w: conv(x, w, (2, 3)), X, W),
    case("explicit_padding", lambda x, w: conv(x, w, padding=[(0, 3), (2, 1)]), X, W),
    case("negative_padding", lambda x, w: conv(x, w, padding=[(-1, 0), (0, -2)]), X, W),
    case("dilated", lambda x, w: conv(x, w, rhs_dilation=(2, 3)), X, W),
    case("input_dilated", lambda x, w: conv(x, w, padding=[(2, 2)] * 2, lhs_dilation=(2, 2)), X, W),
    case("grouped", lambda x, w: conv(x, w, feature_group_count=2), X, normal(3, 3, 3, 8)),
    case("depthwise", lambda x, w: conv(x, w, feature_group_count=6), X, DEPTHWISE),
    case(
        "depthwise_multiplier",
        lambda x, w: conv(x, w, feature_group_count=6),
        X,
        normal(3, 3, 1, 12),
    ),
    case("pointwise", conv, X, normal(1, 1, 6, 5)),
    case(
        "channels_first",
        lambda x, w: conv(x, w, layout=("NCHW", "OIHW", "NCHW")),
        normal(2, 3, 9, 8),
        normal(4, 3, 3, 3),
    ),
    case(
        "mixed_layout",
        lambda x, w: conv(x, w, layout=("NHWC", "OIHW", "NCHW")),
        X,
        normal(4, 6, 3, 3),
    ),
    case(
        "one_dimension",
        lambda x, w: conv(x, w, (2,), layout=ONE),
        normal(3, 20, 4),
        normal(5, 4, 7),
    ),
    case(
        "three_dimensions",
        lambda x, w: conv(x, w, (1, 1, 2), layout=("NDHWC", "DHWIO", "NDHWC")),
        normal(2, 5, 6, 7, 3),
        normal(3, 3, 3, 3, 4),
    ),
    case(
        "no_spatial_dimensions",
        lambda x, w: conv(x, w, (), "VALID", ("NC", "IO", "NC")),
        normal(5, 6),
        normal(6, 3),
    ),
    case("window_beyond_input", lambda x, w: conv(x, w), normal(1, 2, 2, 3), normal(5, 5, 3, 2)),
    case("empty_batch", conv, normal(0, 5, 5, 6), W),
    case("transposed", lambda x, w: lax.conv_transpose(x, w, (2, 2), "SAME"), X, W),
    case("flipped", lambda x, w: conv(x, w[::-1, ::-1]), X, W),
    case("batch_groups", lambda x, w: conv(x, w, batch_group_count=2), X, W),
    case("integers", conv, integers(1, 6, 6, 2), integers(3, 3, 2, 3)),
    case(
        "complex",
        conv,
        normal(1, 5, 6, 2, dtype=np.complex64),
        normal(3, 3, 2, 2, dtype=np.complex64),
    ),
    case("epilogue", lambda x, w: jax.nn.relu(conv(x, w) + 1) * 2, X, W),
    case(
        "large_kernel",
        lambda x, w: conv(x, w, (4, 4), "VALID"),
        normal(2, 32, 32, 3),
        normal(8, 8, 3, 16),
    ),
    case("gradients", gradients(conv), X, W),
    case("gradients_strided", gradients(lambda x, w: conv(x, w, (2, 2), "VALID")), X, W),
    case("gradients_dilated", gradients(lambda x, w: conv(x, w, rhs_dilation=(2, 2))), X, W),
    case(
        "gradients_grouped",
        gradients(lambda x, w: conv(x, w, feature_group_count=2)),
        X,
        normal(3, 3, 3, 8),
    ),
    case(
        "gradients_depthwise",
        gradients(lambda x, w: conv(x, w, feature_group_count=6)),
        X,
        DEPTHWISE,
    ),
    case("convolve", lambda x, w: jnp.convolve(x, w, mode="full"), normal(50), normal(7)),
    case("correlated_with_its_start", lambda x: jnp.correlate(x, x[:7], mode="full"), normal(64)),
    case("kernel_of_equal_outputs", lambda x, w: conv(x, w.repeat(5, axis=3)), X, W[..., :1]),
    case(
        "vmapped_over_both",
        lambda x, w: jax.vmap(lambda x, w: conv(x[None], w))(x, w),
        X,
        np.stack([W, -W]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_conv(case):
    check(case.fn, *case.args)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_narrow_floats(dtype):
    check(conv, X.astype(dtype), W.astype(dtype))
