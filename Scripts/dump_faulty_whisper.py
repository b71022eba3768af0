#!/usr/bin/env python3
"""Dumps openai-whisper with a fault in it, made in PyTorch and not by encoder-diff: what `explain`
names is proved independently of its own faulty graphs.

usage: dump_faulty_whisper.py AUDIO --model MODEL --fault NAME [--taps ops|layers|output] -o DUMP.npz
       dump_faulty_whisper.py --list

needs: openai-whisper torch numpy safetensors soundfile, and dump_openai_whisper.py beside it
Each fault carries the name (and, behind @, the site) under which encoder-diff knows it.
"""
import argparse
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
import whisper
from whisper.model import disable_sdpa

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dump_openai_whisper as sound


def gelu_everywhere(encoder, function):
    for block in encoder.blocks:
        block.mlp[1].forward = function
    F.gelu = function


def interleaved(encoder):
    table = encoder.positional_embedding
    half = table.shape[1] // 2
    out = torch.empty_like(table)
    out[:, 0::2], out[:, 1::2] = table[:, :half], table[:, half:]
    encoder.positional_embedding.copy_(out)


def timescale(encoder):
    frames, width = encoder.positional_embedding.shape
    step = np.log(10000) / (width // 2)
    angles = torch.arange(frames)[:, None] * torch.exp(-step * torch.arange(width // 2))[None]
    encoder.positional_embedding.copy_(torch.cat([angles.sin(), angles.cos()], dim=1))


def attention(block, change):
    """Manual attention with `change(q, k, scores, probs, context)` at one of its steps."""
    attn = block.attn

    def forward(x, xa=None, mask=None, kv_cache=None):
        q, k, v = attn.query(x), attn.key(x), attn.value(x)
        split = lambda t: t.view(*t.shape[:2], attn.n_head, -1).permute(0, 2, 1, 3)
        scale = (q.shape[-1] // attn.n_head) ** -0.5
        scores = change("scores", scale * (split(q) @ split(k).transpose(-1, -2)))
        probs = change("probs", scores.float()).softmax(dim=-1)
        context = change("context", (probs @ split(v)).permute(0, 2, 1, 3).flatten(start_dim=2))
        return attn.out(context), scores

    attn.forward = forward


def at(step, function):
    return lambda name, value: function(value) if name == step else value


def causal(scores):
    frames = scores.shape[-1]
    return scores + torch.full((frames, frames), -np.inf).triu(1)


def wrong_merge(heads):
    """Channels laid out [headDim, heads] instead of [heads, headDim]."""
    return lambda x: x.view(*x.shape[:2], heads, -1).transpose(-1, -2).flatten(start_dim=2)


def rms(norm):
    def forward(x):
        y = x / torch.sqrt((x * x).mean(-1, keepdim=True) + norm.eps)
        return y * norm.weight + norm.bias
    norm.forward = forward


def affine_free(norm):
    norm.forward = lambda x: F.layer_norm(x, x.shape[-1:], None, None, norm.eps)


def set_eps(norm, eps):
    norm.eps = eps


def zero_bias(layer):
    layer.bias.zero_()


def swap(a, b):
    a.weight.data, b.weight.data = b.weight.data, a.weight.data


def quick(x, **_):
    return x * torch.sigmoid(1.702 * x)


def tanh(x, **_):
    c = np.sqrt(2 / np.pi)
    return x / 2 * (1 + torch.tanh(c * (x + 0.044715 * x ** 3)))


def no_post(encoder):
    encoder.ln_post.forward = lambda x: x


def twice(encoder):
    once = encoder.ln_post.forward
    encoder.ln_post.forward = lambda x: once(once(x))


def patched(encoder):
    once = encoder.ln_post.forward
    encoder.ln_post.forward = lambda x: 0.234 * once(x)


def quantised(layer):
    """One scale per output row, 8 bits."""
    scale = layer.weight.abs().amax(1, keepdim=True) / 127
    layer.weight.copy_((layer.weight / scale).round() * scale)


# Fault → what it does to the encoder. Block 1 stands for any.
FAULTS = {
    "ln-post-missing@encoder.ln_post": no_post,
    "ln-post-twice@encoder.ln_post": twice,
    "scaled@encoder.ln_post": patched,
    "gelu-tanh@encoder.gelu1": lambda e: gelu_everywhere(e, tanh),
    "gelu-quick@encoder.gelu1": lambda e: gelu_everywhere(e, quick),
    "gelu-missing@encoder.blocks.1.mlp.1": lambda e: setattr(e.blocks[1].mlp[1], "forward", lambda x: x),
    "position-interleaved@encoder.embed": interleaved,
    "position-timescale@encoder.embed": timescale,
    "layer-norm-eps@encoder.blocks.1.attn_ln": lambda e: set_eps(e.blocks[1].attn_ln, 3e-3),
    "layer-norm-rms@encoder.blocks.1.mlp_ln": lambda e: rms(e.blocks[1].mlp_ln),
    "layer-norm-affine-missing@encoder.ln_post": lambda e: affine_free(e.ln_post),
    "linear-bias-missing@encoder.blocks.1.attn.out": lambda e: zero_bias(e.blocks[1].attn.out),
    "linear-bias-missing@encoder.blocks.0.mlp.0": lambda e: zero_bias(e.blocks[0].mlp[0]),
    "qk-weights-swapped@encoder.blocks.1.attn.query":
        lambda e: swap(e.blocks[1].attn.query, e.blocks[1].attn.key),
    "causal-mask@encoder.blocks.1.attn.probs": lambda e: attention(e.blocks[1], at("probs", causal)),
    "attention-scale@encoder.blocks.1.attn.scores":
        lambda e: attention(e.blocks[1], at("scores", lambda s: s * 0.6)),
    "attention-scale-missing@encoder.blocks.1.attn.scores":
        lambda e: attention(e.blocks[1], at("scores", lambda s: s * (e.ln_post.weight.shape[0]
            // e.blocks[1].attn.n_head) ** 0.5)),
    "head-merge-order@encoder.blocks.1.attn.context":
        lambda e: attention(e.blocks[1], at("context", wrong_merge(e.blocks[1].attn.n_head))),
    "block-skipped@encoder.blocks.1": lambda e: setattr(e.blocks[1], "forward", lambda x, **_: x),
    "conv2-stride-sliced@encoder.conv2": lambda e: setattr(
        e.conv2, "forward",
        lambda x: F.conv1d(x[:, :, ::2], e.conv2.weight, e.conv2.bias, stride=1, padding=1)),
    "conv-taps-reversed@encoder.conv1": lambda e: e.conv1.weight.copy_(e.conv1.weight.flip(2)),
    "weights-quantized@encoder.blocks.1.mlp.2": lambda e: quantised(e.blocks[1].mlp[2]),
    "weights-rounded@encoder.blocks.1.mlp.0":
        lambda e: e.blocks[1].mlp[0].weight.copy_(e.blocks[1].mlp[0].weight.bfloat16().float()),
    "residual-missing@encoder.blocks.1.attn_residual": lambda e: no_residual(e.blocks[1]),
}


def no_residual(block):
    def forward(x, xa=None, mask=None, kv_cache=None):
        x = block.attn(block.attn_ln(x), mask=mask, kv_cache=kv_cache)[0]
        return x + block.mlp(block.mlp_ln(x))
    block.forward = forward


def kept(tap, taps):
    if taps == "output":
        return tap == "encoder.ln_post"
    if taps == "layers":
        inner = tap.split(".")[3:] if tap.startswith("encoder.blocks.") else []
        return inner in ([], ["attn_residual"])
    return True


def main():
    parser = argparse.ArgumentParser(description="Dump openai-whisper with a fault in it.")
    parser.add_argument("audio", nargs="?")
    parser.add_argument("--model")
    parser.add_argument("--fault", choices=sorted(FAULTS))
    parser.add_argument("--taps", choices=["ops", "layers", "output"], default="ops")
    parser.add_argument("-o", "--output", help=".npz")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(FAULTS))
        return
    if not (arguments.audio and arguments.model and arguments.fault and arguments.output):
        parser.error("AUDIO, --model, --fault and -o are needed")
    model = sound.load_model(arguments.model).eval()
    samples = sound.read_audio(arguments.audio, 320 * model.dims.n_audio_ctx)
    mel = whisper.log_mel_spectrogram(samples, model.dims.n_mels)
    recorder = sound.Recorder(model.encoder, False)
    recorder.taps["mel"] = mel.T.float().contiguous().numpy()
    with torch.no_grad(), disable_sdpa():
        FAULTS[arguments.fault](model.encoder)
        sound.encode(model.encoder, mel[None], recorder)
    np.savez(arguments.output, **{
        tap: value for tap, value in recorder.taps.items()
        if kept(tap, arguments.taps) and (tap != "mel" or arguments.taps != "output")})


if __name__ == "__main__":
    main()
