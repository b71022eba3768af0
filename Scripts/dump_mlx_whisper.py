#!/usr/bin/env python3
"""Dumps the encoder of mlx-whisper (Apple's MLX), every operation's output.

usage: dump_mlx_whisper.py AUDIO|--mel FILE --model FOLDER -o DUMP.npz|.safetensors
                           [--dtype float32|float16|bfloat16] [--device cpu|gpu] [--time N]

needs: mlx mlx-whisper numpy safetensors (soundfile for audio); `mlx[cpu]` runs on Linux too
FOLDER is a Hugging Face Whisper checkpoint (config.json and model.safetensors), read here into
mlx-whisper's own encoder. Names and shapes are encoder-diff's own taps. Values that no module makes
(embedding, attention's context, residuals, GELU) are caught before the module that reads them. `--time`
prints the median time of N encodes that nobody watches.
"""
import argparse
import glob
import json
import os
import re
import statistics
import time

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx_whisper.audio import log_mel_spectrogram
from mlx_whisper.whisper import AudioEncoder
from safetensors.numpy import load_file, save_file

# Hugging Face's names of weights → MLX's.
RENAMES = [
    (r"^model\.encoder\.|^encoder\.", ""), (r"^layers\.", "blocks."), (r"\.self_attn\.", ".attn."),
    (r"\.self_attn_layer_norm\.", ".attn_ln."), (r"\.final_layer_norm\.", ".mlp_ln."), (r"\.q_proj\.", ".query."),
    (r"\.k_proj\.", ".key."), (r"\.v_proj\.", ".value."), (r"\.out_proj\.", ".out."), (r"\.fc1\.", ".mlp1."),
    (r"\.fc2\.", ".mlp2."), (r"^layer_norm\.", "ln_post."), (r"^embed_positions\.weight", "_positional_embedding"),
]


def load_encoder(folder, dtype):
    with open(os.path.join(folder, "config.json")) as file:
        c = json.load(file)
    encoder = AudioEncoder(
        c["num_mel_bins"], c["max_source_positions"], c["d_model"], c["encoder_attention_heads"], c["encoder_layers"],
        dtype)
    weights = []
    for path in sorted(glob.glob(os.path.join(folder, "*.safetensors"))):
        for name, value in load_file(path).items():
            if not re.match(r"(model\.)?encoder\.", name):
                continue
            for pattern, replacement in RENAMES:
                name = re.sub(pattern, replacement, name)
            array = mx.array(value.astype(np.float32)).astype(dtype)
            if re.fullmatch(r"conv\d\.weight", name):
                array = array.transpose(0, 2, 1)  # MLX: [out, taps, in]
            if name == "_positional_embedding":
                encoder._positional_embedding = array
            else:
                weights.append((name, array))
    encoder.load_weights(weights, strict=True)
    return encoder, c["num_mel_bins"], 2 * c["max_source_positions"]


class Recorder:
    """Stands before the call of every kind of module; `taps` fills when the encoder runs."""

    def __init__(self, encoder):
        self.taps = {}
        self.names = {id(module): f"encoder.{name}" for name, module in encoder.named_modules() if name}
        for kind in (nn.Linear, nn.Conv1d, nn.LayerNorm, type(encoder.blocks[0])):
            kind.__call__ = self.watched(kind.__call__)

    def put(self, tap, value):
        # At once: MLX adds residuals in place. NumPy has no bf16.
        self.taps[tap] = np.array(value.astype(mx.float32) if value.dtype == mx.bfloat16 else value)[0]

    def watched(self, call):
        def watch(module, x, *rest, **options):
            name = self.names.get(id(module), "")
            tap = re.sub(r"\.mlp([12])$", lambda found: f".mlp.{2 * int(found[1]) - 2}", name)
            before = {"encoder.conv2": "encoder.gelu1", "encoder.blocks.0": "encoder.embed"}.get(name)
            for end, other in ((".attn.out", ".attn.context"), (".mlp_ln", ".attn_residual"), (".mlp2", ".mlp.1")):
                if name.endswith(end):
                    before = name[:-len(end)] + other
            if before:
                self.put(before, x)
            output = call(module, x, *rest, **options)
            if tap:
                self.put(tap, output[0] if isinstance(output, tuple) else output)
            return output
        return watch


def read_mel(path, num_mels):
    """A mel from .npy, or the tensor `mel` of .npz or .safetensors; returned `[frames, mels]`."""
    data = load_file(path) if path.endswith(".safetensors") else np.load(path)
    mel = np.squeeze(data if isinstance(data, np.ndarray) else data["mel"]).astype(np.float32)
    return np.ascontiguousarray(mel.T if mel.shape[0] == num_mels else mel)


def audio_mel(path, num_mels, num_frames):
    """mlx-whisper's own features of the model's window, `[frames, mels]`."""
    import soundfile
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != 16000:
        raise SystemExit(f"{path}: {rate} Hz, 16000 is needed; resample it, or give a mel with --mel")
    samples = samples.mean(axis=1)[:160 * num_frames]
    samples = np.pad(samples, (0, 160 * num_frames - len(samples)))
    return np.array(log_mel_spectrogram(mx.array(samples), n_mels=num_mels))[:num_frames]


def median_ms(encode, count):
    """Median of `count` encodes in ms, after one that does not count."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        encode()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def main():
    parser = argparse.ArgumentParser(description="Dump mlx-whisper's encoder.")
    parser.add_argument("audio", nargs="?")
    parser.add_argument("--mel", help=".npy, .npz or .safetensors instead of audio")
    parser.add_argument("--model", required=True, help="Hugging Face folder")
    parser.add_argument("-o", "--output", required=True, help=".npz or .safetensors")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float16", "bfloat16"])
    parser.add_argument("--device", default="cpu", choices=["cpu", "gpu"])
    parser.add_argument("--time", type=int, default=0, metavar="N", help="also time N encodes that nobody looks into")
    arguments = parser.parse_args()
    if bool(arguments.audio) == bool(arguments.mel):
        parser.error("give AUDIO or --mel")
    mx.set_default_device(mx.cpu if arguments.device == "cpu" else mx.gpu)
    dtype = getattr(mx, arguments.dtype)
    encoder, num_mels, num_frames = load_encoder(arguments.model, dtype)
    mel = read_mel(arguments.mel, num_mels) if arguments.mel else audio_mel(arguments.audio, num_mels, num_frames)
    features = mx.array(mel)[None].astype(dtype)
    if arguments.time:
        print(f"encode: {median_ms(lambda: mx.eval(encoder(features)), arguments.time):.3g} ms, median of {arguments.time}")
    recorder = Recorder(encoder)
    encoder(features)
    values = {"mel": mel, **recorder.taps}
    if arguments.output.endswith(".safetensors"):
        save_file(values, arguments.output, metadata={"engine": f"mlx {mx.__version__}", "dtype": arguments.dtype})
    else:
        np.savez(arguments.output, **values)
    print(f"{len(values)} values written to {arguments.output}")


if __name__ == "__main__":
    main()
