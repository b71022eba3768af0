#!/usr/bin/env python3
"""Dumps a Whisper encoder in OpenVINO: its output, or the inner values too.

usage: dump_openvino.py AUDIO|--mel FILE --model FILE.onnx|FILE.xml -o DUMP.npz|.safetensors
                        [--precision default|f32|bf16|f16] [--inner] [--device CPU|GPU] [--time N]

needs: openvino numpy (soundfile for audio, safetensors for .safetensors)
On CPUs that know bf16 OpenVINO's *default* computes in bf16. `--inner` makes every value an output
(friendly names of the operations), which keeps the compiler from fusing what is observed: compare
with a run without it. `--time` prints the median time of N encodes (of what was asked for).
"""
import argparse
import statistics
import time

import numpy as np
import openvino


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


def median_ms(encode, count):
    """Median of `count` encodes in ms, after one that does not count."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        encode()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def run(model, mel, arguments):
    """Output names and values."""
    core = openvino.Core()
    config = {} if arguments.precision == "default" else {"INFERENCE_PRECISION_HINT": arguments.precision}
    compiled = core.compile_model(model, arguments.device, config)
    used = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    result = compiled({0: mel[None]})
    if arguments.time:
        print(f"encode: {median_ms(lambda: compiled({0: mel[None]}), arguments.time):.3g} ms, median of {arguments.time}")
    values = {}
    for output, value in result.items():
        name = sorted(output.get_names())[0] if output.get_names() else output.get_node().get_friendly_name()
        values[name] = np.ascontiguousarray(value)
    return values, used


def main():
    parser = argparse.ArgumentParser(description="Dump a Whisper encoder in OpenVINO.")
    parser.add_argument("audio", nargs="?")
    parser.add_argument("--mel", help=".npy, .npz or .safetensors instead of audio")
    parser.add_argument("--model", required=True, help=".onnx, or OpenVINO's .xml")
    parser.add_argument("-o", "--output", required=True, help=".npz or .safetensors")
    parser.add_argument("--precision", choices=["default", "f32", "bf16", "f16"], default="default")
    parser.add_argument("--inner", action="store_true")
    parser.add_argument("--device", default="CPU")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="also time N encodes that nobody looks into")
    arguments = parser.parse_args()
    if bool(arguments.audio) == bool(arguments.mel):
        parser.error("give AUDIO or --mel")
    model = openvino.Core().read_model(arguments.model)
    shape = model.input(0).get_partial_shape()
    num_mels = shape[1].get_length()
    if arguments.mel:
        mel = read_mel(arguments.mel, num_mels)
    else:
        num_frames = shape[2].get_length() if shape[2].is_static else 3000
        mel = whisper_mel(read_audio(arguments.audio, 160 * num_frames), num_mels)
    if arguments.inner:
        for operation in model.get_ordered_ops():
            if operation.get_type_name() not in ("Parameter", "Constant", "Result", "Convert"):
                model.add_outputs(operation.output(0))
    values, used = run(model, mel, arguments)
    values["mel"] = mel
    if arguments.output.endswith(".safetensors"):
        from safetensors.numpy import save_file
        save_file(values, arguments.output, metadata={
            "engine": f"openvino {openvino.__version__}", "precision": used})
    else:
        np.savez(arguments.output, **values)
    print(f"computed in {used}")


if __name__ == "__main__":
    main()
