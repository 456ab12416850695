"""Trains a small convolutional network on handwritten digits, on platform mps and on cpu.

The model is Flax NNX, the data are the 1,797 images that ship with scikit-learn. Both platforms
start from the same parameters and see the same batches. Prints a table of what each took, and
writes `demo-output/digits.png` with the loss curves and some digits with their predictions.
"""

import os

# Fixed before JAX is imported: `mps` first makes it the default device.
os.environ["JAX_PLATFORMS"] = "mps,cpu"
os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "0"

import dataclasses
import pathlib
import statistics
import sys
import time

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_digits
from tqdm import tqdm

matplotlib.use("Agg")
import matplotlib.pyplot as plt

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "demo-output"
EPOCHS = 12
BATCH = 64
TEST = 360
REQUIRED_ACCURACY = 0.97


class Net(nnx.Module):
    """Two convolutions with normalization and pooling, then two dense layers."""

    def __init__(self, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 32, (3, 3), rngs=rngs)
        self.norm1 = nnx.BatchNorm(32, rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, (3, 3), rngs=rngs)
        self.norm2 = nnx.BatchNorm(64, rngs=rngs)
        self.hidden = nnx.Linear(256, 64, rngs=rngs)
        self.norm3 = nnx.LayerNorm(64, rngs=rngs)
        self.out = nnx.Linear(64, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.norm1(self.conv1(x))), (2, 2), (2, 2))
        x = nnx.max_pool(nnx.relu(self.norm2(self.conv2(x))), (2, 2), (2, 2))
        x = nnx.gelu(self.norm3(self.hidden(x.reshape(x.shape[0], -1))))
        return self.out(x)


@dataclasses.dataclass
class Result:
    """What one platform did."""

    name: str
    compile: float
    step: float
    accuracy: float
    losses: list[float]
    state: object


def digits():
    """(train images, train labels), (test images, test labels), images of 8x8x1 in [0, 1]."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 8, 8, 1).astype(np.float32)
    labels = labels.astype(np.int32)
    order = np.random.default_rng(0).permutation(len(labels))
    test, train = order[:TEST], order[TEST:]
    return (images[train], labels[train]), (images[test], labels[test])


def batches(count):
    """Indices of every batch of the whole training, the same for each platform."""
    rng = np.random.default_rng(1)
    for _ in range(EPOCHS):
        order = rng.permutation(count)
        yield from order[: count // BATCH * BATCH].reshape(-1, BATCH)


def make_model():
    """Graph definition and initial state of the model with its optimizer, the state on host."""
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(2e-3), wrt=nnx.Param)
    graph, state = nnx.split((model, optimizer))
    return graph, jax.tree.map(np.asarray, state)


def train(platform, graph, initial, data, test):
    """Trains from `initial` on one platform; returns a Result with its state on host."""
    device = jax.devices(platform)[0]
    images, labels = data

    def step(state, images, labels):
        model, optimizer = nnx.merge(graph, state)
        model.train()

        def loss(model):
            logits = model(images)
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

        value, grads = nnx.value_and_grad(loss)(model)
        optimizer.update(model, grads)
        return nnx.state((model, optimizer)), value

    with jax.default_device(device):
        state = jax.device_put(initial, device)
        first = jax.device_put((images[:BATCH], labels[:BATCH]), device)
        lowered = jax.jit(step, donate_argnums=0).lower(state, *first)
        begin = time.perf_counter()
        compiled = lowered.compile()
        compile_time = time.perf_counter() - begin

        losses, times = [], []
        progress = tqdm(list(batches(len(labels))), desc=f"{platform:>4}", unit="step")
        for batch in progress:
            placed = jax.device_put((images[batch], labels[batch]), device)
            begin = time.perf_counter()
            state, loss = compiled(state, *placed)
            losses.append(float(loss))
            times.append(time.perf_counter() - begin)
            progress.set_postfix(loss=f"{losses[-1]:.4f}", refresh=False)
        predictions = np.argmax(logits_of(platform, graph, state, test[0]), axis=1)
    accuracy = float(np.mean(predictions == test[1]))
    host_state = jax.tree.map(np.asarray, state)
    return Result(platform, compile_time, statistics.median(times), accuracy, losses, host_state)


def logits_of(platform, graph, state, images):
    """The model's outputs for `images` on a platform, in evaluation mode, as NumPy."""
    device = jax.devices(platform)[0]

    def evaluate(state, images):
        model, _ = nnx.merge(graph, state)
        model.eval()
        return model(images)

    state, images = jax.device_put((state, images), device)
    return np.asarray(jax.jit(evaluate)(state, images))


def table(results, difference):
    mps, cpu = results
    print()
    print(f"{'':24}{'mps':>14}{'cpu (XLA)':>14}")
    print(f"{'device':24}{kind('mps'):>14}")
    print(f"{'compile time':24}{mps.compile * 1e3:11.1f} ms{cpu.compile * 1e3:11.1f} ms")
    print(f"{'time per step':24}{mps.step * 1e3:11.2f} ms{cpu.step * 1e3:11.2f} ms")
    print(f"{'test accuracy':24}{mps.accuracy:13.1%} {cpu.accuracy:13.1%}")
    print(f"{'final loss':24}{mps.losses[-1]:14.5f}{cpu.losses[-1]:14.5f}")
    print(f"largest difference of the logits of the same trained parameters: {difference:.2e}")


def kind(platform):
    return jax.devices(platform)[0].device_kind


def picture(results, test, logits):
    """Writes the loss curves and the first test digits with their predicted classes."""
    OUTPUT.mkdir(exist_ok=True)
    figure = plt.figure(figsize=(10, 7), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.2, 1])
    axes = top.subplots()
    for result in results:
        style = "-" if result.name == "mps" else "--"
        axes.semilogy(result.losses, style, label=result.name, linewidth=1.2)
    axes.set(xlabel="step", ylabel="training loss", title="Handwritten digits, Flax NNX CNN")
    axes.legend()
    images, labels = test
    predictions = np.argmax(logits, axis=1)
    wrong = np.flatnonzero(predictions != labels)
    shown = np.concatenate([wrong[:4], np.flatnonzero(predictions == labels)])[:20]
    for cell, i in zip(bottom.subplots(2, 10).ravel(), shown, strict=False):
        cell.imshow(images[i, :, :, 0], cmap="gray_r")
        right = predictions[i] == labels[i]
        title = f"{predictions[i]}" if right else f"{predictions[i]}, is {labels[i]}"
        cell.set_title(title, color="black" if right else "crimson", fontsize=10)
        cell.axis("off")
    path = OUTPUT / "digits.png"
    figure.savefig(path, dpi=120)
    return path


def main():
    data, test = digits()
    graph, initial = make_model()
    print(f"training on {kind('mps')}, then on cpu: {len(data[1])} images, {EPOCHS} epochs")
    results = [train(platform, graph, initial, data, test) for platform in ("mps", "cpu")]
    logits = [logits_of(p, graph, results[0].state, test[0]) for p in ("mps", "cpu")]
    difference = float(jnp.max(jnp.abs(logits[0] - logits[1])))
    table(results, difference)
    print(f"wrote {picture(results, test, logits[0])}")
    if results[0].accuracy < REQUIRED_ACCURACY:
        print(f"test accuracy is below {REQUIRED_ACCURACY:.0%}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
