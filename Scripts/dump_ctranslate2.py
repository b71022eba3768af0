#!/usr/bin/env python3
"""Dumps the encoder output of a Whisper model in CTranslate2 (faster-whisper's engine).

usage: dump_ctranslate2.py AUDIO|--mel FILE --model FOLDER -o DUMP.npz|.safetensors
                           [--compute-type default|float32|bfloat16|float16|int8|…] [--device cpu|cuda] [--time N]

needs: ctranslate2 numpy (soundfile for audio, safetensors for .safetensors)
FOLDER is a converted model (`ct2-transformers-converter --model HF_FOLDER --output_dir FOLDER`), with
the Hugging Face folder's config.json copied beside it as `hf_config.json` where its sizes are not
those of 30 seconds. Inner values are not accessible: the dump holds the mel and the output. `--time`
prints the median time of N encodes.
"""
import argparse
import json
import os
import statistics
import time

import ctranslate2
import numpy as np


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


def sizes(folder):
    """Mel bands and frames of the model's window."""
    path = os.path.join(folder, "hf_config.json")
    if not os.path.exists(path):
        return None, 3000
    with open(path) as file:
        config = json.load(file)
    return config["num_mel_bins"], 2 * config["max_source_positions"]


def median_ms(encode, count):
    """Median of `count` encodes in ms, after one that does not count."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        encode()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def main():
    parser = argparse.ArgumentParser(description="Dump CTranslate2's Whisper encoder output.")
    parser.add_argument("audio", nargs="?")
    parser.add_argument("--mel", help=".npy, .npz or .safetensors instead of audio")
    parser.add_argument("--model", required=True, help="converted folder")
    parser.add_argument("-o", "--output", required=True, help=".npz or .safetensors")
    parser.add_argument("--compute-type", default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="also time N encodes that nobody looks into")
    arguments = parser.parse_args()
    if bool(arguments.audio) == bool(arguments.mel):
        parser.error("give AUDIO or --mel")
    model = ctranslate2.models.Whisper(
        arguments.model, device=arguments.device, compute_type=arguments.compute_type)
    num_mels, num_frames = sizes(arguments.model)
    num_mels = num_mels or model.n_mels
    if arguments.mel:
        mel = read_mel(arguments.mel, num_mels)
    else:
        mel = whisper_mel(read_audio(arguments.audio, 160 * num_frames), num_mels)
    features = ctranslate2.StorageView.from_array(np.ascontiguousarray(mel[None]))
    output = model.encode(features, to_cpu=True)
    if arguments.time:
        print(f"encode: {median_ms(lambda: model.encode(features, to_cpu=True), arguments.time):.3g} ms, median of {arguments.time}")
    values = {"mel": mel, "encoder_output": np.array(output, dtype=np.float32)}
    if arguments.output.endswith(".safetensors"):
        from safetensors.numpy import save_file
        save_file(values, arguments.output, metadata={
            "engine": f"ctranslate2 {ctranslate2.__version__}", "computeType": model.compute_type})
    else:
        np.savez(arguments.output, **values)
    print(f"computed in {model.compute_type}")


if __name__ == "__main__":
    main()
