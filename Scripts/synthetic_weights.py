#!/usr/bin/env python3
"""The weights of `synthetic:SIZE[@SEED]`, bit for bit those that encoder-diff draws.

usage: synthetic_weights.py SIZE[@SEED] [WEIGHT…]    prints each weight's FNV-1a over its bytes
As a module: `weights("tiny", seed=0)` yields (OpenAI name, float32 array).
"""
import math
import sys

import numpy as np

SIZES = {  # mels, frames, width, heads, layers
    "tiny": (80, 1500, 384, 6, 4), "base": (80, 1500, 512, 8, 6), "small": (80, 1500, 768, 12, 12),
    "medium": (80, 1500, 1024, 16, 24), "large-v3": (128, 1500, 1280, 20, 32)}
# Chosen on speech so that scores, entropies and residuals stay as in trained models at any depth.
GAINS = {"conv": 1.4, ".query.": 2.0, ".key.": 2.0, ".out.": 0.5, ".mlp.0.": 1.5}
U, GOLDEN = np.uint64, np.uint64(0x9E3779B97F4A7C15)


def mix(z):
    z = (z ^ (z >> U(30))) * U(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> U(27))) * U(0x94D049BB133111EB)
    return z ^ (z >> U(31))


def fnv1a(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return h


def bits(seed, stream, count):
    key = mix(mix(U(seed) + GOLDEN) ^ (U(stream) * U(0xD1B54A32D192ED03)))
    return mix(key + np.arange(count, dtype=U) * GOLDEN)


def weight(name, shape, seed):
    """Four 16-bit uniforms summed: an integer k of standard deviation 37837; value = f32(k)·scale."""
    h = bits(seed, fnv1a(name.encode()), math.prod(shape))
    k = sum(((h >> U(16 * i)) & U(0xFFFF)).astype(np.int64) for i in range(4)) - 131070
    if len(shape) > 1:  # std = gain/√(inputs)
        gain = next((g for part, g in GAINS.items() if part in name), 1.0)
        std = gain / math.sqrt(math.prod(shape[1:]))
    else:
        std = 0.2 if name.endswith("weight") else 0.05
    if name.endswith(("attn.out.bias", "mlp.2.bias")):  # a few channels carry outliers, as trained
        k *= np.where(bits(seed, fnv1a(b"outliers"), len(k)) & U(63) == 0, 16, 1)
    if len(shape) == 1 and name.endswith("weight"):  # layer norm gains lie around one
        k += 189185
    return (k.astype(np.float32) * np.float32(std / 37837)).reshape(shape)


def sinusoids(frames, width):
    step = math.log(10000) / (width // 2 - 1)
    angle = [[t * math.exp(-step * i) for i in range(width // 2)] for t in range(frames)]
    rows = [[math.sin(a) for a in row] + [math.cos(a) for a in row] for row in angle]
    return np.array(rows).astype(np.float32)


def shapes(mels, frames, width, heads, layers):
    yield from (("encoder.conv1.weight", (width, mels, 3)), ("encoder.conv1.bias", (width,)))
    yield from (("encoder.conv2.weight", (width, width, 3)), ("encoder.conv2.bias", (width,)))
    wide, square, one = 4 * width, (width, width), (width,)
    for n in range(layers):
        for part, shape in (
            ("attn_ln.weight", one), ("attn_ln.bias", one), ("attn.query.weight", square),
            ("attn.query.bias", one), ("attn.key.weight", square), ("attn.value.weight", square),
            ("attn.value.bias", one), ("attn.out.weight", square), ("attn.out.bias", one),
            ("mlp_ln.weight", one), ("mlp_ln.bias", one), ("mlp.0.weight", (wide, width)),
            ("mlp.0.bias", (wide,)), ("mlp.2.weight", (width, wide)), ("mlp.2.bias", one)):
            yield f"encoder.blocks.{n}.{part}", shape
    yield from (("encoder.ln_post.weight", one), ("encoder.ln_post.bias", one))


def weights(size, seed=0):
    mels, frames, width, _, _ = SIZES[size]
    yield "encoder.positional_embedding", sinusoids(frames, width)
    for name, shape in shapes(*SIZES[size]):
        yield name, weight(name, shape, seed)


if __name__ == "__main__":
    size, _, seed = sys.argv[1].partition("@")
    np.seterr(over="ignore")  # the hash is arithmetic modulo 2⁶⁴
    for name, array in weights(size, int(seed or 0)):
        if len(sys.argv) == 2 or name in sys.argv[2:]:
            print(f"{fnv1a(array.tobytes()):016x} {name} {list(array.shape)}")
