"""Models with their training steps, written in plain JAX: MLP, CNN, GPT and LSTM."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .workload import Training, Workload


def _normal(rng, *shape, scale=None):
    """Weights whose products keep the variance of their input, unless a scale is given."""
    scale = (1.0 / np.sqrt(np.prod(shape[:-1]))) if scale is None else scale
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)


def _bias(rng, n):
    """Small, not zero: Adam's first step moves a weight by the sign of its gradient, so that a
    gradient that is all rounding would be the whole value of a weight that began at zero.
    """
    return _normal(rng, n, scale=0.1)


def cross_entropy(logits, labels):
    """Mean over all positions of the negative log-probability of the label."""
    logp = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(logp, labels[..., None], axis=-1))


def layer_norm(x, scale, bias):
    mean = jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.var(x, axis=-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * scale + bias


def batch_norm(x, scale, bias):
    """Normalizes each channel by the statistics of the batch."""
    axes = tuple(range(x.ndim - 1))
    mean = jnp.mean(x, axis=axes)
    variance = jnp.var(x, axis=axes)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * scale + bias


def sgd_step(loss, rate):
    """A training step that subtracts the scaled gradient."""

    def step(params, *batch):
        value, grads = jax.value_and_grad(loss)(params, *batch)
        return jax.tree.map(lambda p, g: p - rate * g, params, grads), value

    return step


def adam_init(params):
    zeros = jax.tree.map(np.zeros_like, params)
    return {"params": params, "m": zeros, "v": jax.tree.map(np.copy, zeros), "t": np.int32(0)}


def adam_step(loss, rate, b1=0.9, b2=0.999, eps=1e-8):
    """A training step by Adam (Kingma and Ba, 2015, algorithm 1)."""

    def step(state, *batch):
        value, grads = jax.value_and_grad(loss)(state["params"], *batch)
        t = state["t"] + 1
        m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state["m"], grads)
        v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, state["v"], grads)
        m_scale = 1 / (1 - b1**t)
        v_scale = 1 / (1 - b2**t)

        def update(p, m, v):
            return p - rate * m * m_scale / (jnp.sqrt(v * v_scale) + eps)

        params = jax.tree.map(update, state["params"], m, v)
        return {"params": params, "m": m, "v": v, "t": t}, value

    return step


# MLP


def mlp_init():
    rng = np.random.default_rng(0)
    sizes = [64, 128, 128, 10]
    return [(_normal(rng, m, n), _bias(rng, n)) for m, n in itertools.pairwise(sizes)]


def mlp_logits(params, x):
    for weight, bias in params[:-1]:
        x = jax.nn.gelu(x @ weight + bias)
    weight, bias = params[-1]
    return x @ weight + bias


def mlp_loss(params, x, labels):
    return cross_entropy(mlp_logits(params, x), labels)


def class_batch(n, shape=(64,), size=128):
    """Noisy copies of ten prototypes with their classes."""
    prototypes = np.random.default_rng(1).standard_normal((10, *shape), dtype=np.float32)
    rng = np.random.default_rng(100 + n)
    labels = rng.integers(0, 10, size).astype(np.int32)
    noise = rng.standard_normal((size, *shape), dtype=np.float32)
    return prototypes[labels] + noise, labels


# CNN for images of 8x8, as of the handwritten digits of scikit-learn


def cnn_init():
    rng = np.random.default_rng(2)
    return {
        "conv1": _normal(rng, 3, 3, 1, 16),
        "norm1": (np.ones(16, np.float32), _bias(rng, 16)),
        "conv2": _normal(rng, 3, 3, 16, 32),
        "norm2": (np.ones(32, np.float32), _bias(rng, 32)),
        "dense": (_normal(rng, 128, 10), _bias(rng, 10)),
    }


def conv3x3(x, kernel):
    return lax.conv_general_dilated(
        x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def pool2x2(x, start, combine):
    return lax.reduce_window(x, start, combine, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def cnn_logits(params, x):
    x = conv3x3(x, params["conv1"])
    x = jax.nn.relu(batch_norm(x, *params["norm1"]))
    x = pool2x2(x, -jnp.inf, lax.max)
    x = conv3x3(x, params["conv2"])
    x = jax.nn.relu(layer_norm(x, *params["norm2"]))
    x = pool2x2(x, 0.0, lax.add) / 4
    weight, bias = params["dense"]
    return x.reshape(x.shape[0], -1) @ weight + bias


def cnn_loss(params, x, labels):
    return cross_entropy(cnn_logits(params, x), labels)


# GPT


@dataclasses.dataclass(frozen=True)
class GPT:
    """A decoder-only transformer with layer norm before each block and tied embeddings."""

    layers: int = 2
    width: int = 128
    heads: int = 4
    vocabulary: int = 256
    length: int = 64
    batch_size: int = 8

    def init(self):
        rng = np.random.default_rng(3)
        w = self.width
        scale = 0.02

        def norm():
            return np.ones(w, np.float32), _bias(rng, w)

        def block():
            return {
                "norm1": norm(),
                "qkv": (_normal(rng, w, 3 * w, scale=scale), _bias(rng, 3 * w)),
                "out": (_normal(rng, w, w, scale=scale), _bias(rng, w)),
                "norm2": norm(),
                "up": (_normal(rng, w, 4 * w, scale=scale), _bias(rng, 4 * w)),
                "down": (_normal(rng, 4 * w, w, scale=scale), _bias(rng, w)),
            }

        return {
            "tokens": _normal(rng, self.vocabulary, w, scale=scale),
            "positions": _normal(rng, self.length, w, scale=scale),
            "blocks": [block() for _ in range(self.layers)],
            "norm": norm(),
        }

    def batch(self, n):
        """Sequences that count upwards with a random start and stride, and their successors."""
        rng = np.random.default_rng(200 + n)
        start = rng.integers(0, self.vocabulary, (self.batch_size, 1))
        stride = rng.integers(1, 5, (self.batch_size, 1))
        tokens = (start + stride * np.arange(self.length + 1)) % self.vocabulary
        tokens = tokens.astype(np.int32)
        return tokens[:, :-1], tokens[:, 1:]

    def attention(self, p, x):
        batch, length, width = x.shape
        qkv = x @ p["qkv"][0] + p["qkv"][1]
        qkv = qkv.reshape(batch, length, 3, self.heads, width // self.heads)
        q, k, v = (qkv[:, :, i] for i in range(3))
        scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(width // self.heads)
        causal = jnp.tril(jnp.ones((length, length), bool))
        weights = jax.nn.softmax(jnp.where(causal, scores, -1e9), axis=-1)
        mixed = jnp.einsum("bhqk,bkhd->bqhd", weights, v).reshape(batch, length, width)
        return mixed @ p["out"][0] + p["out"][1]

    def logits(self, params, tokens):
        x = params["tokens"][tokens] + params["positions"]
        for p in params["blocks"]:
            x = x + self.attention(p, layer_norm(x, *p["norm1"]))
            hidden = jax.nn.gelu(layer_norm(x, *p["norm2"]) @ p["up"][0] + p["up"][1])
            x = x + hidden @ p["down"][0] + p["down"][1]
        return layer_norm(x, *params["norm"]) @ params["tokens"].T

    def loss(self, params, tokens, targets):
        return cross_entropy(self.logits(params, tokens), targets)

    def training(self, name):
        return Training(
            name, lambda: adam_init(self.init()), self.batch, adam_step(self.loss, 1e-3)
        )


# LSTM


LSTM_WIDTH = 64


def lstm_init():
    rng = np.random.default_rng(4)
    h = LSTM_WIDTH
    return {
        "input": _normal(rng, 1, 4 * h),
        "hidden": _normal(rng, h, 4 * h),
        "bias": _bias(rng, 4 * h),
        "out": (_normal(rng, h, 1), _bias(rng, 1)),
    }


def lstm_outputs(params, xs):
    """Runs over xs of shape (time, batch, 1); returns one prediction a step, of that shape."""

    def cell(carry, x):
        h, c = carry
        gates = x @ params["input"] + h @ params["hidden"] + params["bias"]
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        c = jax.nn.sigmoid(f + 1) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((xs.shape[1], LSTM_WIDTH), xs.dtype)
    _, hs = lax.scan(cell, (zeros, zeros), xs)
    weight, bias = params["out"]
    return hs @ weight + bias


def lstm_loss(params, xs, targets):
    return jnp.mean((lstm_outputs(params, xs) - targets) ** 2)


def wave_batch(n, length=48, size=16):
    """Sines of random phase and frequency, and the same one step ahead."""
    rng = np.random.default_rng(300 + n)
    phase = rng.uniform(0, 2 * np.pi, (1, size, 1))
    frequency = rng.uniform(0.1, 0.5, (1, size, 1))
    time = np.arange(length + 1).reshape(-1, 1, 1)
    wave = np.sin(phase + frequency * time).astype(np.float32)
    return wave[:-1], wave[1:]


TRAININGS = (
    Training("mlp_train_step", mlp_init, class_batch, sgd_step(mlp_loss, 0.1)),
    Training(
        "cnn_train_step",
        lambda: adam_init(cnn_init()),
        lambda n: class_batch(n, (8, 8, 1)),
        adam_step(cnn_loss, 1e-3),
    ),
    GPT().training("gpt_train_step"),
    Training(
        "lstm_train_step",
        lambda: adam_init(lstm_init()),
        wave_batch,
        adam_step(lstm_loss, 3e-3),
    ),
)


def _gradient(name, init, batch, loss):
    return Workload(name, lambda: (jax.value_and_grad(loss), (init(), *batch(0))))


_LARGE = GPT(layers=6, width=256, heads=8, vocabulary=1024, length=128, batch_size=4)

WORKLOADS = (
    *(training.workload() for training in TRAININGS),
    _LARGE.training("gpt_large_train_step").workload(),
    _gradient("mlp_grad", mlp_init, class_batch, mlp_loss),
    _gradient("cnn_grad", cnn_init, lambda n: class_batch(n, (8, 8, 1)), cnn_loss),
    _gradient("gpt_grad", GPT().init, GPT().batch, GPT().loss),
    _gradient("lstm_grad", lstm_init, wave_batch, lstm_loss),
    Workload("gpt_logits", lambda: (GPT().logits, (GPT().init(), GPT().batch(0)[0]))),
)
