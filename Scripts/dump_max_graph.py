#!/usr/bin/env python3
"""Dumps a Whisper encoder that runs on the MAX Graph engine (PyPI package `modular`).

usage: dump_max_graph.py AUDIO|--mel FILE --model FOLDER -o DUMP.npz|.safetensors
                         [--taps all|layers|output] [--device cpu|gpu] [--omit-ln-post] [--front-end librosa]
                         [--time N]

needs: modular numpy safetensors (soundfile for audio; librosa for --front-end librosa)
FOLDER is a Hugging Face Whisper checkpoint (config.json and model.safetensors). Names and shapes
are encoder-diff's own taps. Compiling takes a minute or two. `--omit-ln-post` and `--front-end
librosa` replay two mistakes that a real port made, to see what a debugger says of them. `--time`
prints the median time of N encodes with the taps that were asked for.
"""
import argparse
import json
import os
import statistics
import time

import numpy as np
from max.driver import CPU, Accelerator, Buffer
from max.dtype import DType
from max.engine import InferenceSession
from max.graph import DeviceRef, Graph, TensorType, Weight, ops
from safetensors.numpy import load_file, save_file


# --- input ---------------------------------------------------------------------------------------
def read_audio(path, num_samples):
    """16 kHz mono Float32, padded or cut to the model's window."""
    import soundfile
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != 16000:
        raise SystemExit(f"{path}: {rate} Hz, 16000 is needed; resample it, or give a mel with --mel")
    samples = samples.mean(axis=1)[:num_samples]
    return np.pad(samples, (0, num_samples - len(samples)))


def mel_filters(num_mels):
    """Slaney's mel bands of unit area for 400-point spectra at 16 kHz."""
    def to_hz(mel):
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
    edges = to_hz(np.linspace(0, 15 + 27 * np.log(8) / np.log(6.4), num_mels + 2))
    bins = np.arange(201) * 40.0
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def whisper_mel(samples, num_mels):
    """OpenAI's log-mel, `[frames, mels]`; Float64 inside."""
    padded = np.pad(samples.astype(np.float64), 200, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160][:-1]
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    mel = np.log10(np.maximum(power @ mel_filters(num_mels).T, 1e-10))
    return ((np.maximum(mel, mel.max() - 8) + 4) / 4).astype(np.float32)


def librosa_mel(samples, num_mels, num_frames):
    """What librosa's defaults give (2048-point spectra, hop 512, decibels below the loudest)."""
    import librosa
    mel = librosa.feature.melspectrogram(y=samples, sr=16000, n_mels=num_mels)
    decibels = librosa.power_to_db(mel, ref=np.max).T[:num_frames]
    return np.pad(decibels, ((0, num_frames - len(decibels)), (0, 0))).astype(np.float32)


def read_mel(path, num_mels):
    """A mel from .npy, or the tensor `mel` of .npz or .safetensors; returned `[frames, mels]`."""
    data = load_file(path) if path.endswith(".safetensors") else np.load(path)
    mel = np.squeeze(data if isinstance(data, np.ndarray) else data["mel"]).astype(np.float32)
    return mel.T.copy() if mel.shape[0] == num_mels else mel


# --- encoder -------------------------------------------------------------------------------------
class Encoder:
    """Builds the graph; `taps` holds every value that is wanted, in order."""

    def __init__(self, config, weights, device):
        self.width, self.heads = config["d_model"], config["encoder_attention_heads"]
        self.layers = config["encoder_layers"]
        self.frames = config["max_source_positions"]
        self.weights, self.device, self.taps = weights, device, {}

    def weight(self, name):
        value = self.weights[name]
        return Weight(name, DType.float32, list(value.shape), self.device)

    def tap(self, name, value):
        self.taps[name] = value
        return value

    def conv(self, name, x, stride):
        """`[1, frames, channels]`; a one-dimensional convolution is a flat two-dimensional one."""
        x = ops.reshape(x, [1, 1, x.shape[1], x.shape[2]])
        y = ops.conv2d(x, self.weight(f"{name}.rscf"), stride=(1, stride), padding=(0, 0, 1, 1),
                       bias=self.weight(f"{name}.bias"))
        return ops.reshape(y, [1, y.shape[2], y.shape[3]])

    def linear(self, name, x, bias=True):
        y = x @ ops.transpose(self.weight(f"{name}.weight"), 0, 1)
        return y + self.weight(f"{name}.bias") if bias else y

    def norm(self, name, x):
        return ops.layer_norm(x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), 1e-5)

    def attention(self, tap, name, x):
        query = self.tap(f"{tap}.query", self.linear(f"{name}.q_proj", x))
        key = self.tap(f"{tap}.key", self.linear(f"{name}.k_proj", x, bias=False))
        value = self.tap(f"{tap}.value", self.linear(f"{name}.v_proj", x))
        head_dim = self.width // self.heads
        q, k, v = (ops.permute(ops.reshape(t, [1, self.frames, self.heads, head_dim]), [0, 2, 1, 3])
                   for t in (query, key, value))
        scores = self.tap(f"{tap}.scores", (q @ ops.transpose(k, 2, 3)) * head_dim**-0.5)
        probs = self.tap(f"{tap}.probs", ops.softmax(scores))
        context = ops.reshape(ops.permute(probs @ v, [0, 2, 1, 3]), [1, self.frames, self.width])
        self.tap(f"{tap}.context", context)
        return self.tap(f"{tap}.out", self.linear(f"{name}.out_proj", context))

    def block(self, index, x):
        tap, name = f"encoder.blocks.{index}", f"layers.{index}"
        normed = self.tap(f"{tap}.attn_ln", self.norm(f"{name}.self_attn_layer_norm", x))
        x = self.tap(f"{tap}.attn_residual", x + self.attention(f"{tap}.attn", f"{name}.self_attn", normed))
        normed = self.tap(f"{tap}.mlp_ln", self.norm(f"{name}.final_layer_norm", x))
        hidden = self.tap(f"{tap}.mlp.0", self.linear(f"{name}.fc1", normed))
        hidden = self.tap(f"{tap}.mlp.1", ops.gelu(hidden))
        return self.tap(tap, x + self.tap(f"{tap}.mlp.2", self.linear(f"{name}.fc2", hidden)))

    def __call__(self, mel, omit_ln_post):
        x = self.tap("encoder.conv1", self.conv("conv1", mel, 1))
        x = self.tap("encoder.gelu1", ops.gelu(x))
        x = self.tap("encoder.conv2", self.conv("conv2", x, 2))
        x = self.tap("encoder.gelu2", ops.gelu(x))
        x = self.tap("encoder.embed", x + self.weight("embed_positions.weight"))
        for index in range(self.layers):
            x = self.block(index, x)
        self.tap("encoder.ln_post", x if omit_ln_post else self.norm("layer_norm", x))


def load_weights(folder):
    tensors = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".safetensors"):
            tensors.update(load_file(os.path.join(folder, name)))
    weights = {}
    for name, value in tensors.items():
        _, found, rest = name.partition("encoder.")
        if found and "decoder" not in name:
            weights[rest] = np.ascontiguousarray(value.astype(np.float32))
    for conv in ("conv1", "conv2"):
        # PyTorch's [out, in, k] as MAX wants it: [1, k, in, out].
        weights[f"{conv}.rscf"] = np.ascontiguousarray(weights[f"{conv}.weight"].transpose(2, 1, 0)[None])
    return weights


def is_wanted(tap, taps):
    if taps == "layers":
        leaf = tap.split(".")[-1]
        return leaf == "attn_residual" or leaf.isdigit() and ".mlp." not in tap or tap.count(".") == 1
    return taps == "all" or tap == "encoder.ln_post"


def median_ms(encode, count):
    """Median of `count` encodes in ms, after one that does not count."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        encode()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def run(config, weights, mel, arguments):
    """Compiles and runs the encoder; returns taps in their canonical shapes."""
    is_gpu = arguments.device == "gpu"
    device = DeviceRef.GPU() if is_gpu else DeviceRef.CPU()
    input_type = TensorType(DType.float32, [1, *mel.shape], device)
    with Graph("whisper_encoder", input_types=[input_type]) as graph:
        encoder = Encoder(config, weights, device)
        encoder(graph.inputs[0].tensor, arguments.omit_ln_post)
        wanted = {tap: value for tap, value in encoder.taps.items() if is_wanted(tap, arguments.taps)}
        graph.output(*wanted.values())
    session = InferenceSession(devices=[Accelerator() if is_gpu else CPU()])
    model = session.load(graph, weights_registry=weights)
    features = Buffer.from_numpy(np.ascontiguousarray(mel[None])).to(model.input_devices[0])
    results = model.execute(features)
    if arguments.time:
        print(f"encode: {median_ms(lambda: model.execute(features)[-1].to(CPU()).to_numpy(), arguments.time):.3g} ms, median of {arguments.time}")
    return {tap: np.squeeze(result.to(CPU()).to_numpy(), 0) for tap, result in zip(wanted, results)}


def main():
    parser = argparse.ArgumentParser(description="Dump a Whisper encoder on MAX Graph.")
    parser.add_argument("audio", nargs="?")
    parser.add_argument("--mel", help=".npy, .npz or .safetensors instead of audio")
    parser.add_argument("--model", required=True, help="Hugging Face folder")
    parser.add_argument("-o", "--output", required=True, help=".npz or .safetensors")
    parser.add_argument("--taps", choices=["all", "layers", "output"], default="all")
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--omit-ln-post", action="store_true")
    parser.add_argument("--front-end", choices=["whisper", "librosa"], default="whisper")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="also time N encodes that nobody looks into")
    arguments = parser.parse_args()
    if bool(arguments.audio) == bool(arguments.mel):
        parser.error("give AUDIO or --mel")
    with open(os.path.join(arguments.model, "config.json")) as file:
        config = json.load(file)
    num_mels, num_frames = config["num_mel_bins"], 2 * config["max_source_positions"]
    if arguments.mel:
        mel = read_mel(arguments.mel, num_mels)
    else:
        samples = read_audio(arguments.audio, 160 * num_frames)
        mel = (whisper_mel(samples, num_mels) if arguments.front_end == "whisper"
               else librosa_mel(samples, num_mels, num_frames))
    taps = {"mel": mel, **run(config, load_weights(arguments.model), mel, arguments)}
    taps = {name: np.ascontiguousarray(value) for name, value in taps.items()}
    if arguments.output.endswith(".safetensors"):
        save_file(taps, arguments.output, metadata={"engine": "MAX Graph", "device": arguments.device})
    else:
        np.savez(arguments.output, **taps)


if __name__ == "__main__":
    main()
