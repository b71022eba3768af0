#!/usr/bin/env python3
"""Dumps a Whisper encoder in ONNX Runtime, every inner value under its ONNX name.

usage: dump_onnxruntime.py AUDIO|--mel FILE --model FILE.onnx|FOLDER -o DUMP.npz|.safetensors
                           [--optimize none|basic|extended|all] [--device cpu|cuda] [--time N]

needs: onnxruntime onnx numpy (soundfile for audio, safetensors for .safetensors)
An encoder exported by torch.onnx or by optimum (`FOLDER/encoder_model.onnx`). Inner values become
outputs of the graph. An optimiser would then fuse less, so the graph is optimised first, saved, and
looked into as it is: what is seen is what runs. The unobserved output is compared with the
observed one, and a difference is told. `--time` prints the median time of N unobserved encodes.
"""
import argparse
import os
import statistics
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime

LEVELS = {
    "none": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


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
    """OpenAI's log-mel, `[mels, frames]`; Float64 inside."""
    padded = np.pad(samples.astype(np.float64), 200, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160][:-1]
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    mel = np.log10(np.maximum(mel_filters(num_mels) @ power.T, 1e-10))
    return ((np.maximum(mel, mel.max() - 8) + 4) / 4).astype(np.float32)


def read_mel(path, num_mels):
    """A mel from .npy, or the tensor `mel` of .npz or .safetensors; returned `[mels, frames]`."""
    if path.endswith(".safetensors"):
        from safetensors.numpy import load_file
        data = load_file(path)
    else:
        data = np.load(path)
    mel = np.squeeze(data if isinstance(data, np.ndarray) else data["mel"]).astype(np.float32)
    return np.ascontiguousarray(mel if mel.shape[0] == num_mels else mel.T)


def find_model(path):
    if not os.path.isdir(path):
        return path
    for name in ("encoder_model.onnx", "onnx/encoder_model.onnx", "encoder.onnx", "model.onnx"):
        if os.path.exists(os.path.join(path, name)):
            return os.path.join(path, name)
    raise SystemExit(f"{path}: holds no encoder_model.onnx; export one with optimum or torch.onnx")


def make_session(model, level, device, save_to=None):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = LEVELS[level]
    options.log_severity_level = 3
    if save_to:
        options.optimized_model_filepath = save_to
    providers = ["CUDAExecutionProvider"] if device == "cuda" else ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(model, options, providers=providers)


def with_inner_outputs(path):
    """The model's bytes with every value as an output, and the values' names."""
    model = onnx.load(path)
    known = {output.name for output in model.graph.output}
    for node in model.graph.node:
        for name in node.output:
            if name and name not in known:
                known.add(name)
                model.graph.output.append(onnx.ValueInfoProto(name=name))
    return model.SerializeToString()


def median_ms(encode, count):
    """Median of `count` encodes in ms, after one that does not count."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        encode()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def main():
    parser = argparse.ArgumentParser(description="Dump a Whisper encoder in ONNX Runtime.")
    parser.add_argument("audio", nargs="?")
    parser.add_argument("--mel", help=".npy, .npz or .safetensors instead of audio")
    parser.add_argument("--model", required=True, help=".onnx file, or a folder that holds one")
    parser.add_argument("-o", "--output", required=True, help=".npz or .safetensors")
    parser.add_argument("--optimize", choices=list(LEVELS), default="none")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="also time N encodes that nobody looks into")
    arguments = parser.parse_args()
    if bool(arguments.audio) == bool(arguments.mel):
        parser.error("give AUDIO or --mel")
    path = find_model(arguments.model)
    with tempfile.TemporaryDirectory() as folder:
        optimized = os.path.join(folder, "optimized.onnx")
        plain = make_session(path, arguments.optimize, arguments.device, save_to=optimized)
        # Optimised once; a second pass over more outputs would undo fusions.
        session = make_session(with_inner_outputs(optimized), "none", arguments.device)
    source = plain.get_inputs()[0]
    num_mels = source.shape[1]
    if arguments.mel:
        mel = read_mel(arguments.mel, num_mels)
    else:
        num_frames = source.shape[2] if isinstance(source.shape[2], int) else 3000
        mel = whisper_mel(read_audio(arguments.audio, 160 * num_frames), num_mels)
    feed = {source.name: mel[None]}
    if arguments.time:
        print(f"encode: {median_ms(lambda: plain.run(None, feed), arguments.time):.3g} ms, median of {arguments.time}")
    names = [output.name for output in session.get_outputs()]
    values = dict(zip(names, session.run(names, feed)))
    for output in plain.get_outputs():
        unobserved = plain.run([output.name], feed)[0]
        change = float(np.abs(unobserved - values[output.name]).max())
        if change:
            print(f"note: looking into the graph changed '{output.name}' by up to {change:.1e}", file=sys.stderr)
    values = {name: np.ascontiguousarray(value) for name, value in values.items()
              if isinstance(value, np.ndarray) and value.dtype != object}
    values["mel"] = mel
    if arguments.output.endswith(".safetensors"):
        from safetensors.numpy import save_file
        save_file(values, arguments.output, metadata={
            "engine": f"onnxruntime {onnxruntime.__version__}", "optimize": arguments.optimize})
    else:
        np.savez(arguments.output, **values)


if __name__ == "__main__":
    main()
