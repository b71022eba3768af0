#!/usr/bin/env python3
"""Goldens of single encoder operations, sound and faulty, in Float64 by PyTorch.

Writes Fixtures/goldens/ops/operations.safetensors: inputs `x.*` and weights `w.*` in Float32, and the result of each
case in Float64 under the case's name (Tests/ReferenceBackendTests and Tests/BLASBackendTests say which operation that is).

    pip install numpy torch safetensors && Scripts/operation_goldens.py
"""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch.ao import quantization

FRAMES, WIDTH, HEADS, WIDE, MELS = 23, 20, 2, 200, 5
TARGET = Path(__file__).resolve().parent.parent / "Fixtures/goldens/ops/operations.safetensors"
generator = torch.Generator().manual_seed(11)
tensors = {}


def draw(name, *shape, scale=1.0):
    value = (torch.randn(*shape, generator=generator, dtype=torch.float64) * scale).to(torch.float32)
    tensors[name] = value.numpy()
    return value.double()


def golden(name, value):
    tensors[name] = value.double().contiguous().numpy()


def rounded(x, fmt, pieces=1):
    """x, exact in Float32, rounded to a format; int8 with one scale per piece of a row."""
    if fmt == "bf16":
        return x.to(torch.bfloat16).double()
    if fmt == "f16":
        return x.to(torch.float16).double()
    if fmt == "tf32":
        bits = x.to(torch.float32).numpy().view(np.uint32).astype(np.uint64)
        bits = (bits + 0xFFF + ((bits >> 13) & 1)) & ~np.uint64(0x1FFF)
        return torch.from_numpy(bits.astype(np.uint32).view(np.float32)).double()
    split = x.to(torch.float32).numpy().reshape(*x.shape[:-1], pieces, -1)
    step = np.abs(split).max(-1, keepdims=True) / np.float32(127)
    return torch.from_numpy((np.round(split / step) * step).reshape(x.shape)).double()


def heads(x):
    return x.view(x.shape[0], HEADS, -1).transpose(0, 1)


def merged(x):
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def beyond(radius):
    frames = torch.arange(FRAMES)
    return (frames[:, None] - frames).abs() > radius


def gelu():
    x = torch.cat([draw("x.narrow", FRAMES * WIDTH - 41, scale=2.5), torch.linspace(-12, 12, 41).double()])
    tensors["x.narrow"] = x.float().view(FRAMES, WIDTH).numpy()
    x = x.float().view(FRAMES, WIDTH).double()
    exact = x * 0.5 * torch.special.erfc(-x / 2**0.5)
    assert (exact - F.gelu(x)).abs().max() < 1e-14
    golden("gelu.erf", exact)
    golden("gelu.tanh", F.gelu(x, approximate="tanh"))
    # ggml's table: f16 in, f16 out, and the ends left alone.
    table = F.gelu(x.half().double(), approximate="tanh").half().double()
    golden("gelu.tanh-table", torch.where(x <= -10, 0.0, torch.where(x >= 10, x, table)))
    golden("gelu.quick", x * torch.sigmoid(1.702 * x))
    golden("gelu.relu", F.relu(x))
    golden("gelu.silu", F.silu(x))
    golden("gelu.identity", x)
    golden("gelu.erf-divided", x * 0.5 * torch.special.erfc(-x / 1.3))
    golden("gelu.tanh-with", 0.5 * x * (1 + torch.tanh(0.8 * (x + 0.4715 * x**3))))
    golden("gelu.leaky-relu", F.leaky_relu(x, 0.01))
    golden("gelu.squared-relu", F.relu(x) ** 2)
    golden("gelu.hard-swish", F.hardswish(x))
    golden("gelu.mish", F.mish(x))
    golden("gelu.elu", F.elu(x))
    # Abramowitz & Stegun 7.1.25 and 7.1.27 for erf of x/√2.
    size = x.abs() / 2**0.5
    t = 1 / (1 + 0.47047 * size)
    three = 1 - (0.3480242 * t - 0.0958798 * t**2 + 0.7478556 * t**3) * torch.exp(-(size**2))
    power = 1 + 0.278393 * size + 0.230389 * size**2 + 0.000972 * size**3 + 0.078108 * size**4
    golden("gelu.7.1.25", 0.5 * x * (1 + torch.sign(x) * three))
    golden("gelu.7.1.27", 0.5 * x * (1 + torch.sign(x) * (1 - power**-4)))
    return x


def layer_norm(x):
    gain, shift = draw("w.gain", WIDTH, scale=0.3) + 1, draw("w.shift", WIDTH)
    tensors["w.gain"] = gain.float().numpy()
    gain = gain.float().double()
    golden("layer-norm", F.layer_norm(x, [WIDTH], gain, shift, 1e-5))
    golden("layer-norm.eps", F.layer_norm(x, [WIDTH], gain, shift, 1e-2))
    golden("layer-norm.bare", F.layer_norm(x, [WIDTH], eps=1e-5))
    golden("layer-norm.no-bias", F.layer_norm(x, [WIDTH], gain, eps=1e-5))
    golden("layer-norm.rms", F.rms_norm(x, [WIDTH], gain, 1e-5) + shift)
    centred = x - x.mean(-1, keepdim=True)
    sample = x.var(-1, keepdim=True, unbiased=True)
    golden("layer-norm.sample", centred / torch.sqrt(sample + 1e-5) * gain + shift)
    deviation = x.std(-1, keepdim=True, unbiased=False)
    golden("layer-norm.outside", centred / (deviation + 1e-2) * gain + shift)
    golden("layer-norm.mean-kept", x / torch.sqrt(deviation**2 + 1e-5) * gain + shift)
    golden("layer-norm.frames", F.layer_norm(x.T, [FRAMES], eps=1e-5).T * gain + shift)
    # Rows beyond √65504 overflow; the others keep f16's eleven bits of variance.
    large = draw("x.large", FRAMES, WIDTH, scale=30)
    large[::3] *= 40
    tensors["x.large"] = large.float().numpy()
    large = large.float().double()
    centred = large - large.mean(-1, keepdim=True)
    squares = (centred**2).sum(-1, keepdim=True)
    variance = torch.where(squares > 65504, torch.inf, (squares / WIDTH).half().double())
    golden("layer-norm.f16", centred / torch.sqrt(variance + 1e-5) * gain + shift)


def dense():
    x, weight, bias = draw("x.wide", FRAMES, WIDE), draw("w.dense", WIDTH + 1, WIDE, scale=0.1), draw("w.dense-bias", WIDTH + 1)
    golden("linear", F.linear(x, weight, bias))
    golden("linear.no-bias", F.linear(x, weight))
    for fmt in ("bf16", "f16", "tf32", "int8"):
        golden(f"linear.{fmt}", F.linear(rounded(x, fmt), weight, bias))
    golden("linear.result-bf16", rounded(F.linear(x, weight, bias).float(), "bf16"))


def convolution():
    x = draw("x.mel", FRAMES, MELS)
    weight, bias = draw("w.conv", WIDTH - 3, MELS, 3), draw("w.conv-bias", WIDTH - 3)

    def conv(x, stride, left, right, bias=bias):
        return F.conv1d(F.pad(x.T[None], (left, right)), weight, bias, stride=stride)[0].T

    golden("conv.stride1", conv(x, 1, 1, 1))
    golden("conv.stride2", conv(x, 2, 1, 1))
    golden("conv.same", conv(x, 2, 0, 1))
    golden("conv.valid", conv(x, 1, 0, 0))
    golden("conv.no-bias", conv(x, 2, 1, 1, None))
    golden("conv.bf16", conv(rounded(x, "bf16"), 2, 1, 1))


def attention():
    q, k, v = draw("x.q", FRAMES, WIDTH, scale=2), draw("x.k", FRAMES, WIDTH, scale=2), draw("x.v", FRAMES, WIDTH)
    scale = (WIDTH // HEADS) ** -0.5

    def scores(q, k):
        return heads(q) @ heads(k).transpose(1, 2) * scale

    s = scores(q, k)
    golden("scores", s)
    golden("scores.int8", scores(rounded(q, "int8", HEADS), rounded(k, "int8", HEADS)))
    tensors["x.scores"] = s.float().numpy()
    s = s.float().double()
    causal = s.masked_fill(torch.ones(FRAMES, FRAMES).triu(1).bool(), -torch.inf)
    golden("softmax", s.softmax(-1))
    golden("softmax.queries", s.softmax(-2))
    golden("softmax.heads", s.softmax(0))
    golden("softmax.causal", causal.softmax(-1))
    golden("softmax.keys-from", s.masked_fill(torch.arange(FRAMES) >= 9, -torch.inf).softmax(-1))
    golden("softmax.window", s.masked_fill(beyond(3), -torch.inf).softmax(-1))
    ahead = s.masked_fill(torch.ones(FRAMES, FRAMES).triu(4).bool(), -torch.inf)
    golden("softmax.ahead", ahead.softmax(-1))
    # The first frame sees nothing, and so all alike, as with a mask of large negative numbers.
    strict = s.masked_fill(torch.ones(FRAMES, FRAMES).triu(0).bool(), -1e300)
    golden("softmax.strict", strict.softmax(-1))
    chunk = torch.arange(FRAMES) // 7
    golden("softmax.chunks", s.masked_fill(chunk[:, None] != chunk, -torch.inf).softmax(-1))
    golden("softmax.padding", F.pad(s, (0, 36)).softmax(-1)[..., :FRAMES])
    p = s.softmax(-1)
    tensors["x.probs"] = p.float().numpy()
    p = p.float().double()
    context = p @ heads(v)
    golden("context", merged(context))
    golden("context.channel-major", context.permute(1, 2, 0).reshape(FRAMES, WIDTH))
    golden("context.reversed", merged(context.flip(0)))
    golden("context.unpermuted", context.reshape(FRAMES, WIDTH))
    golden("context.f16", merged(rounded(p, "f16") @ heads(rounded(v, "f16"))))
    golden("attention", merged(scores(q, k).softmax(-1) @ heads(v)))
    golden("attention.padding", merged(F.pad(scores(q, k), (0, 36)).softmax(-1)[..., :FRAMES] @ heads(v)))
    causal = scores(q, k).masked_fill(torch.ones(FRAMES, FRAMES).triu(1).bool(), -torch.inf)
    window = scores(q, k).masked_fill(beyond(3), -torch.inf)
    golden("attention.window", merged(window.softmax(-1) @ heads(v)))
    golden("attention.causal", merged(causal.softmax(-1) @ heads(v)))


def quantized(x, name):
    """x through PyTorch's integers: signed around zero or unsigned, a scale for the tensor or each row."""
    signs = ("symmetric", torch.qint8) if name.startswith("int") else ("affine", torch.quint8)
    per_row = name.endswith("channel")
    kind = quantization.PerChannelMinMaxObserver if per_row else quantization.MinMaxObserver
    scheme = getattr(torch, f"per_{'channel' if per_row else 'tensor'}_{signs[0]}")
    observer = kind(qscheme=scheme, dtype=signs[1], reduce_range=name.startswith("uint7"))
    observer(x.float())
    scale, zero = observer.calculate_qparams()
    if per_row:
        return torch.quantize_per_channel(x.float(), scale, zero, 0, signs[1]).dequantize()
    return torch.quantize_per_tensor(x.float(), scale.item(), int(zero), signs[1]).dequantize()


def alterations(x):
    table, other = draw("w.table", FRAMES, WIDTH), draw("x.other", FRAMES, WIDTH)
    zeros = torch.zeros(4, WIDTH, dtype=torch.float64)
    golden("position", x + table)
    golden("add", x + other)
    golden("replaced", torch.cat([x[:7], other[7:]]))
    golden("scaled", x * 0.234)
    golden("offset", x + 0.075)
    golden("shifted", torch.cat([zeros, x[:-4]]))
    golden("shifted-back", torch.cat([x[4:], zeros]))
    golden("sliced", torch.cat([x[1::2], zeros]))
    golden("padded.replicate", torch.cat([x[:1], x, x[-1:]]))
    golden("padded.reflect", torch.cat([x[1:2], x, x[-2:-1]]))
    golden("padded.wrap", torch.cat([x[-1:], x, x[:1]]))
    golden("memory-transposed", x.T.reshape(FRAMES, WIDTH))
    golden("frames-reversed", x.flip(0))
    golden("channels-reversed", x.flip(1))
    golden("rounded", rounded(x, "bf16"))
    golden("channels-zeroed", torch.cat([x[:, :5], 0 * x[:, 5:12], x[:, 12:]], -1))
    golden("clipped", x.clamp(-1.5, 1.5))
    for name in ("uint8-per-tensor", "uint7-per-tensor", "int8-by-255-per-channel", "uint8-per-channel"):
        golden(f"coded.{name}", quantized(x, name))
    golden("dealt", torch.cat([x[:, head::4] for head in range(4)], -1))
    golden("zeroed", torch.cat([x[:-4], zeros]))
    overflowed = x.clone()
    overflowed[5] = torch.where(x[5] < 0, -torch.inf, torch.inf)
    golden("overflowed", overflowed)


def weights():
    """What faults make of weights, in Float32 as engines do it."""
    weight, kernel, table = (torch.from_numpy(tensors[f"w.{name}"]) for name in ("dense", "conv", "table"))
    for name, dtype, largest in (("e4m3", torch.float8_e4m3fn, 448.0), ("e5m2", torch.float8_e5m2, 57344.0)):
        golden(f"weight.fp8-{name}-unscaled", weight.to(dtype).float())
        for scaling, extreme in (("tensor", weight.abs().max()), ("channel", weight.abs().amax(1, keepdim=True))):
            scale = extreme / largest
            golden(f"weight.fp8-{name}-per-{scaling}", (weight / scale).to(dtype).float() * scale)

    def int8(rows):
        scale = rows.abs().amax(1, keepdim=True) / 127
        return torch.round(rows / scale) * scale

    golden("weight.int8-per-channel", int8(kernel.reshape(len(kernel), -1)).view(kernel.shape))
    golden("weight.int8-group-64", torch.cat([int8(group) for group in weight.split(64, 1)], 1))
    for name, value in (
        ("int8-by-255-per-tensor", weight), ("uint8-per-tensor", weight),
        ("int8-by-255-per-channel", kernel), ("uint8-per-channel", kernel),
    ):
        golden(f"weight.{name}", quantized(value, name))
    frames = torch.arange(FRAMES)
    golden("weight.clamped", table[frames.clamp(max=8)])
    golden("weight.wrapped", table[frames % 9])
    golden("weight.repeated", torch.from_numpy(tensors["w.shift"]).expand(7, -1))
    steps = torch.arange(WIDTH // 2).double() / (WIDTH // 2 - 1)

    def sinusoids(rates, dtype):
        angles = (frames.to(dtype)[:, None] * rates.to(dtype)).double()
        return torch.cat([angles.sin(), angles.cos()], 1)

    for base in (1000, 500_000):
        golden(f"weight.sinusoids-{base}", sinusoids(base**-steps, torch.float64).float())
    for name, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
        golden(f"weight.sinusoids-{name}", sinusoids(10_000**-steps, dtype).to(dtype).float())


if __name__ == "__main__":
    narrow = gelu()
    layer_norm(narrow)
    dense()
    convolution()
    attention()
    alterations(narrow)
    weights()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, TARGET, metadata={"torch": torch.__version__})
    print(f"{TARGET}: {len(tensors)} tensors, {TARGET.stat().st_size} bytes")
