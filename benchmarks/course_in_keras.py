"""The course's two networks in Keras, for keras_equivalence.py and training_epoch.py, under a Python with TensorFlow.

python course_in_keras.py gradients NAME IN.npz OUT.npz    logits, and gradients of the mean cross-entropy
python course_in_keras.py epochs NAME                      an epoch for each line on standard input
"""

from __future__ import annotations

import os
import resource
import sys
import time

import numpy as np

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras
import tensorflow as tf
from keras import layers

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def parallel_cnn() -> keras.Model:
    """Input (bands, frames, 1)."""
    picture = keras.Input((80, 80, 1))
    branches = []
    for filters, size, pool in ((3, 8, 4), (4, 4, 2)):
        branch = layers.Conv2D(filters, size, padding="same")(picture)
        branches.append(layers.Flatten()(layers.MaxPooling2D(pool)(layers.LeakyReLU(negative_slope=0.3)(branch))))
    return keras.Model(picture, layers.Dense(8)(layers.Concatenate()(branches)))


def cnn_rnn() -> keras.Model:
    """Input (frames, bands)."""
    return keras.Sequential(
        [
            keras.Input((80, 80)),
            layers.Conv1D(8, 4, activation="relu"),
            layers.MaxPooling1D(2),
            layers.Conv1D(6, 3, activation="relu"),
            layers.MaxPooling1D(2),
            layers.LSTM(128, return_sequences=True),
            layers.LSTM(32),
            layers.Dense(200, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(8),
        ]
    )


MODELS = {"parallel_cnn": parallel_cnn, "cnn_rnn": cnn_rnn}


def as_input(name: str, x: np.ndarray) -> np.ndarray:
    """(clips, bands, frames) as the model `name` takes them."""
    return x[..., None] if name == "parallel_cnn" else np.ascontiguousarray(x.transpose(0, 2, 1))


def gradients(name: str, source: str, target: str) -> None:
    """Logits and gradients of `source`'s weights (weight_0, …) for its x and y, written to `target` in Keras' order."""
    given = np.load(source)
    model = MODELS[name]()
    model.set_weights([given[f"weight_{i}"] for i in range(len(model.weights))])
    with tf.GradientTape() as tape:
        logits = model(as_input(name, given["x"]), training=False)
        loss = LOSS(given["y"], logits)
    found = tape.gradient(loss, model.trainable_weights)
    np.savez(target, logits=logits.numpy(), **{f"gradient_{i}": g.numpy() for i, g in enumerate(found)})


def epochs(name: str) -> None:
    """Train an epoch, then one more for each line read, printing its seconds by clock and CPU; last, the peak in MB."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    rng = np.random.default_rng(1)
    x = as_input(name, rng.standard_normal((9_600, 80, 80), dtype=np.float32))
    y = rng.integers(8, size=len(x))
    model = MODELS[name]()
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9), LOSS)
    model.fit(x, y, batch_size=128, shuffle=False, verbose=0)
    print("ready", flush=True)
    for _ in sys.stdin:
        clock, cpu = time.perf_counter(), time.process_time()
        model.fit(x, y, batch_size=128, shuffle=False, verbose=0)
        print(time.perf_counter() - clock, time.process_time() - cpu, flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    {"gradients": gradients, "epochs": epochs}[sys.argv[1]](*sys.argv[2:])
