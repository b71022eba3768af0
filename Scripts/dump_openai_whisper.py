#!/usr/bin/env python3
"""Dumps the encoder of openai-whisper (PyTorch), every operation's output.

usage: dump_openai_whisper.py AUDIO|--mel FILE --model MODEL -o DUMP.npz|.safetensors
                              [--attention manual|sdpa] [--dtype float32|float64|float16|bfloat16]
                              [--device cpu|cuda|mps] [--maps] [--taps GLOB,…] [--time N]

needs: openai-whisper torch numpy safetensors (soundfile for audio)
MODEL is an OpenAI `.pt` or a Hugging Face Whisper folder. Names and shapes are encoder-diff's own
taps. `--maps` adds attention scores and probabilities, which only manual attention computes. `--taps` keeps
only what matches, e.g. `encoder.blocks.?,encoder.ln_post`; `--time` prints the median time of N encodes without hooks.
"""
import argparse
import contextlib
import fnmatch
import glob
import json
import os
import re
import statistics
import time

import numpy as np
import torch
import whisper
from safetensors.numpy import load_file, save_file
from whisper.model import ModelDimensions, Whisper, disable_sdpa


def read_audio(path, num_samples):
    """16 kHz mono Float32, padded or cut to the model's window."""
    import soundfile
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != 16000:
        raise SystemExit(f"{path}: {rate} Hz, 16000 is needed; resample it, or give a mel with --mel")
    samples = samples.mean(axis=1)[:num_samples]
    return np.pad(samples, (0, num_samples - len(samples)))


def read_mel(path, num_mels):
    """A mel from .npy, or the tensor `mel` of .npz or .safetensors; returned `[mels, frames]`."""
    data = load_file(path) if path.endswith(".safetensors") else np.load(path)
    mel = np.squeeze(data if isinstance(data, np.ndarray) else data["mel"])
    return torch.from_numpy(np.ascontiguousarray(mel if mel.shape[0] == num_mels else mel.T))


# Hugging Face's module names → OpenAI's.
RENAMES = [
    (r"^model\.", ""), (r"\.layers\.", ".blocks."), (r"\.self_attn\.", ".attn."),
    (r"\.encoder_attn\.", ".cross_attn."), (r"\.self_attn_layer_norm\.", ".attn_ln."),
    (r"\.encoder_attn_layer_norm\.", ".cross_attn_ln."), (r"\.final_layer_norm\.", ".mlp_ln."),
    (r"\.q_proj\.", ".query."), (r"\.k_proj\.", ".key."), (r"\.v_proj\.", ".value."),
    (r"\.out_proj\.", ".out."), (r"\.fc1\.", ".mlp.0."), (r"\.fc2\.", ".mlp.2."),
    (r"encoder\.layer_norm\.", "encoder.ln_post."), (r"decoder\.layer_norm\.", "decoder.ln."),
    (r"embed_tokens\.", "token_embedding."), (r"embed_positions\.weight", "positional_embedding"),
]


def from_hugging_face(folder):
    with open(os.path.join(folder, "config.json")) as file:
        c = json.load(file)
    model = Whisper(ModelDimensions(
        n_mels=c["num_mel_bins"], n_audio_ctx=c["max_source_positions"], n_audio_state=c["d_model"],
        n_audio_head=c["encoder_attention_heads"], n_audio_layer=c["encoder_layers"],
        n_vocab=c["vocab_size"], n_text_ctx=c["max_target_positions"], n_text_state=c["d_model"],
        n_text_head=c["decoder_attention_heads"], n_text_layer=c["decoder_layers"]))
    state = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.safetensors"))):
        from safetensors.torch import load_file as load_torch
        for name, value in load_torch(path).items():
            if name == "proj_out.weight":
                continue
            for pattern, replacement in RENAMES:
                name = re.sub(pattern, replacement, name)
            state[name] = value.float()
    model.load_state_dict(state)
    return model


def load_model(path):
    return from_hugging_face(path) if os.path.isdir(path) else whisper.load_model(path, device="cpu")


class Recorder:
    """Hooks on an encoder's modules; `taps` fills when it runs."""

    def __init__(self, encoder, with_maps):
        self.taps, self.with_maps = {}, with_maps
        for name, module in encoder.named_modules():
            if not name or name == "blocks" or name.endswith(".mlp"):
                continue
            if name.endswith(".attn"):
                module.register_forward_hook(self.attention_hook(f"encoder.{name}"))
            else:
                module.register_forward_hook(self.output_hook(f"encoder.{name}"))
            # Values that no module makes are the inputs of the next one.
            inputs = {"conv2": "gelu1", "blocks.0": "embed"}.get(name)
            if name.endswith(".attn.out"):
                inputs = name[:-len("out")] + "context"
            elif name.endswith(".mlp_ln"):
                inputs = name[:-len("mlp_ln")] + "attn_residual"
            if inputs:
                module.register_forward_pre_hook(self.input_hook(f"encoder.{inputs}"))

    def put(self, tap, value):
        value = value.detach().squeeze(0)
        if tap in ("encoder.conv1", "encoder.gelu1", "encoder.conv2", "encoder.gelu2"):
            value = value.T  # channels first → [frames, channels]
        value = value.float() if value.dtype == torch.bfloat16 else value
        self.taps[tap] = value.cpu().contiguous().numpy().copy()

    def output_hook(self, tap):
        return lambda module, inputs, output: self.put(tap, output)

    def input_hook(self, tap):
        return lambda module, inputs: self.put(tap, inputs[0])

    def attention_hook(self, tap):
        def hook(module, inputs, output):
            if self.with_maps and output[1] is not None:
                self.put(f"{tap}.scores", output[1])
                self.put(f"{tap}.probs", torch.softmax(output[1], dim=-1))
        return hook


def make_double(encoder):
    """Float64 throughout. In other types openai-whisper casts its Float32 weights by itself."""
    encoder.double()
    for module in encoder.modules():
        if isinstance(module, whisper.model.LayerNorm):
            # Its own forward computes in Float32, whatever comes.
            module.forward = lambda x, norm=module: torch.nn.LayerNorm.forward(norm, x)


def encode(encoder, mel, recorder):
    """Runs the encoder; catches the second GELU of the stem, a bare function call."""
    original, calls = whisper.model.F.gelu, []

    def gelu(*arguments, **keywords):
        calls.append(original(*arguments, **keywords))
        return calls[-1]

    whisper.model.F.gelu = gelu
    try:
        encoder(mel)
    finally:
        whisper.model.F.gelu = original
    recorder.put("encoder.gelu2", calls[1])


def median_ms(encode, count):
    """Median of `count` encodes in ms, after one that does not count."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        encode()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def main():
    parser = argparse.ArgumentParser(description="Dump the encoder of openai-whisper.")
    parser.add_argument("audio", nargs="?")
    parser.add_argument("--mel", help=".npy, .npz or .safetensors instead of audio")
    parser.add_argument("--model", required=True, help="OpenAI .pt or Hugging Face folder")
    parser.add_argument("-o", "--output", required=True, help=".npz or .safetensors")
    parser.add_argument("--attention", choices=["manual", "sdpa"], default="sdpa")
    parser.add_argument("--dtype", choices=["float32", "float64", "float16", "bfloat16"], default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--maps", action="store_true")
    parser.add_argument("--taps", default="*", metavar="GLOB,…", help="what to keep; all by default")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="also time N encodes that nobody looks into")
    arguments = parser.parse_args()
    if bool(arguments.audio) == bool(arguments.mel):
        parser.error("give AUDIO or --mel")
    if arguments.maps and arguments.attention == "sdpa":
        parser.error("--maps needs --attention manual")
    dtype = getattr(torch, arguments.dtype)
    model = load_model(arguments.model).eval()
    dims = model.dims
    if arguments.mel:
        mel = read_mel(arguments.mel, dims.n_mels)
    else:
        samples = read_audio(arguments.audio, 320 * dims.n_audio_ctx)
        mel = whisper.log_mel_spectrogram(samples, dims.n_mels)
    encoder = model.encoder.to(arguments.device)
    mel = mel.to(arguments.device, dtype)
    if dtype == torch.float64:
        make_double(encoder)
    with disable_sdpa() if arguments.attention == "manual" else contextlib.nullcontext(), torch.no_grad():
        if arguments.time:
            # On the host again: only then has a GPU finished.
            ms = median_ms(lambda: encoder(mel[None]).cpu(), arguments.time)
            print(f"encode: {ms:.3g} ms, median of {arguments.time}")
        recorder = Recorder(encoder, arguments.maps)
        recorder.put("mel", mel.T[None])
        encode(encoder, mel[None], recorder)
    globs = arguments.taps.split(",")
    taps = {name: value for name, value in recorder.taps.items() if any(fnmatch.fnmatch(name, g) for g in globs)}
    if not taps:
        raise SystemExit(f"no tap matches {arguments.taps}; taps: {', '.join(recorder.taps)}")
    if arguments.output.endswith(".safetensors"):
        save_file(taps, arguments.output, metadata={
            "engine": f"openai-whisper {whisper.__version__}, torch {torch.__version__}",
            "attention": arguments.attention, "dtype": arguments.dtype, "device": arguments.device})
    else:
        np.savez(arguments.output, **taps)


if __name__ == "__main__":
    main()
