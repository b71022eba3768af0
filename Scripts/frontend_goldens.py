#!/usr/bin/env python3
"""Goldens of the audio front-end, made without any code of this project.

Right features after openai/whisper's audio.py in Float64, and many faulty variants, each by the library whose
defaults cause it (librosa, torch, transformers, numpy, soxr). Writes Fixtures/goldens/frontend/features.json:
for each variant its shape, moments and some sampled values.

    pip install numpy torch librosa transformers soxr && Scripts/frontend_goldens.py
"""
import json
import os
import warnings
from pathlib import Path

import librosa
import numpy as np
import soxr
import torch
import transformers
from transformers import audio_utils

RATE, HOP, CONTEXT = 16000, 160, 300  # CONTEXT frames: 3 s
SAMPLES = CONTEXT * HOP
TARGET = Path(__file__).resolve().parent.parent / "Fixtures/goldens/frontend/features.json"


def signal(count, seed=7):
    """int16 samples: a chirp, a tone of 440 Hz, noise and a pause. Phases are integers: exact everywhere."""
    n = np.arange(count, dtype=np.uint64)
    chirp = (n * n * 3000 + n * 40_000_000) % 2**32
    tone = (n * (440 * 2**32 // RATE)) % 2**32
    state, noise = np.uint64(seed), np.empty(count)
    with np.errstate(over="ignore"):
        for i in range(count):
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            noise[i] = int(state >> np.uint64(48)) - 32768
    turns = 2 * np.pi / 2**32
    x = 9000 * np.sin(chirp * turns) + 4000 * np.sin(tone * turns) + noise / 64
    x[(n % 20000) > 17000] = 0
    return np.rint(x).astype(np.int16)


INTEGERS = signal(100_000)  # 6.25 s: two whole windows and a short one
AUDIO = INTEGERS / 32768.0
FIRST = AUDIO[:SAMPLES]
SHORT = AUDIO[: SAMPLES - 13_217]  # 2.17 s, for padding


def pad(x, count=SAMPLES):
    return np.pad(x, (0, count - len(x)))


def hann(length=400, periodic=True):
    return torch.hann_window(length, periodic=periodic, dtype=torch.float64)


def spectrum(x, n_fft=400, hop=HOP, window=None, win=400, drop=slice(0, -1), **torch_options):
    window = hann(win) if window is None else window
    y = torch.stft(torch.from_numpy(np.ascontiguousarray(x)), n_fft, hop, win_length=win, window=window,
                   return_complex=True, **torch_options)
    return y.numpy()[:, drop]


def bank(n_mels=80, n_fft=400, sr=RATE, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels, dtype=np.float64, **options)


def compress(mel, log=np.log10, floor=1e-10, below=8.0, maximum=None):
    x = log(np.maximum(mel, floor))
    x = np.maximum(x, (x.max() if maximum is None else maximum) - below)
    return (x + 4) / 4


def whisper(x, filters=None, **options):
    return compress((bank() if filters is None else filters) @ np.abs(spectrum(x, **options)) ** 2)


def power(x=FIRST, **options):
    return np.abs(spectrum(x, **options)) ** 2


def fitted(mel, value=0.0):
    return np.pad(mel, ((0, 0), (0, CONTEXT - mel.shape[1])), constant_values=value)[:, :CONTEXT]


def framed(x, offset, count=CONTEXT, n_fft=400):
    """|FFT|² of frames that start at f·160 + offset, by numpy, with zeros outside."""
    padded = np.concatenate([np.zeros(1000), x, np.zeros(1000)])
    rows = [padded[1000 + f * HOP + offset:][:400] * hann().numpy() for f in range(count)]
    return (np.abs(np.fft.rfft(rows, n_fft)) ** 2).T


def mirrored(x):
    """whisper.cpp before PR 1148: `fft_out[j] += fft_out[n_fft - j]`."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, 200, mode="reflect"), 400)[::HOP][:-1]
    full = np.abs(np.fft.fft(frames * hann().numpy())) ** 2
    full[:, 1:200] += full[:, :200:-1]
    return full[:, :201].T


def centred():
    """|FFT|² of frames without their own mean, by numpy (Kaldi's remove_dc_offset)."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(FIRST, 200, mode="reflect"), 400)[::HOP][:-1]
    frames = (frames - frames.mean(1, keepdims=True)) * hann().numpy()
    return (np.abs(np.fft.rfft(frames)) ** 2).T


def quantized_bank():
    """python_speech_features.get_filterbanks."""
    mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700.0), 82)
    bins = np.floor(401 * 700 * (10 ** (mel / 2595.0) - 1) / RATE)
    fbank = np.zeros([80, 201])
    for j in range(80):
        for i in range(int(bins[j]), int(bins[j + 1])):
            fbank[j, i] = (i - bins[j]) / (bins[j + 1] - bins[j])
        for i in range(int(bins[j + 1]), int(bins[j + 2])):
            fbank[j, i] = (bins[j + 2] - i) / (bins[j + 2] - bins[j + 1])
    return fbank


def kaldi_bank():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return audio_utils.mel_filter_bank(201, 80, 0.0, 8000.0, RATE, norm=None, mel_scale="slaney",
                                           triangularize_in_mel_space=True).T


def decibels(x, n_fft, hop, ref, sr=RATE, **options):
    mel = librosa.feature.melspectrogram(y=x, sr=sr, n_fft=n_fft, hop_length=hop, n_mels=80, dtype=np.float64, **options)
    return librosa.power_to_db(mel, ref=ref)


def transcribe(window):
    mel = bank() @ power(np.pad(AUDIO, (0, SAMPLES)))
    return compress(mel)[:, window * CONTEXT:(window + 1) * CONTEXT]


def resampled(rate, quality="VHQ"):
    y = soxr.resample(AUDIO.astype(np.float32), RATE, rate, quality)
    return whisper(y[:SAMPLES].astype(np.float64))


def linear(rate):
    count = len(AUDIO) * rate // RATE
    y = np.interp(np.arange(count) * RATE / rate, np.arange(len(AUDIO)), AUDIO.astype(np.float32))
    return whisper(pad(y[:SAMPLES].astype(np.float32).astype(np.float64)))


def standardized(x):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-7)


def symmetric(name):
    return torch.from_numpy(getattr(np, name)(400))


def variants():
    log_mel = compress
    mel = bank() @ power()
    logs = np.log10(np.maximum(mel, 1e-10))
    no_db = dict(n_fft=400, hop=HOP)
    yield "whisper", "first", whisper(FIRST)
    yield "whisper-128", "first", whisper(FIRST, bank(128))
    yield "whisper", "short", whisper(pad(SHORT))
    yield "whisper", "window-1", whisper(AUDIO[SAMPLES:2 * SAMPLES])
    yield "whisper", "window-2", whisper(pad(AUDIO[2 * SAMPLES:]))
    for window in range(3):
        yield "profile-openai-transcribe", f"window-{window}", transcribe(window)
    yield "pcm-rate-22050", "first", resampled(22050)
    yield "pcm-rate-44100", "first", resampled(44100)
    yield "pcm-rate-22050+profile-soxr-hq", "first", resampled(22050, "HQ")
    yield "pcm-rate-22050+pcm-resampler-linear", "first", linear(22050)
    yield "pcm-not-scaled", "first", whisper(FIRST * 32768)
    yield "pcm-peak-normalized", "first", whisper(FIRST / np.abs(FIRST).max())
    yield "pcm-unit-variance", "first", whisper(standardized(FIRST))
    yield "pcm-padded-left", "short", whisper(np.pad(SHORT, (13_217, 0)))
    yield "mel-padded-with-0", "short", fitted(whisper(SHORT))
    short_log = np.log10(np.maximum(bank() @ power(SHORT), 1e-10))
    yield "mel-padded-in-log-domain", "short", compress(10 ** fitted(short_log))
    yield "mel-not-centred", "first", log_mel(bank() @ framed(FIRST, 0))
    yield "mel-not-centred-short", "first", fitted(whisper(FIRST, center=False))
    yield "mel-zero-edges", "first", whisper(FIRST, pad_mode="constant")
    yield "mel-replicated-edges", "first", whisper(FIRST, pad_mode="replicate")
    yield "mel-zero-edges+mel-shifted-80-samples", "first", log_mel(bank() @ framed(FIRST, -120))
    yield "mel-last-frame-kept", "first", whisper(FIRST, drop=slice(None))[:, :CONTEXT]
    yield "mel-symmetric-hann", "first", whisper(FIRST, window=hann(periodic=False))
    yield "mel-hamming-symmetric", "first", whisper(FIRST, window=symmetric("hamming"))
    yield "mel-no-window", "first", whisper(FIRST, window=torch.ones(400, dtype=torch.float64))
    povey = audio_utils.window_function(400, "povey", periodic=False)
    yield "mel-povey-window", "first", whisper(FIRST, window=torch.from_numpy(povey))
    yield "mel-fft-512", "first", whisper(FIRST, bank(n_fft=512), n_fft=512)
    yield "mel-fft-2048", "first", whisper(FIRST, bank(n_fft=2048), n_fft=2048, win=2048)
    yield "mel-stft-root-n", "first", whisper(FIRST, normalized=True)
    yield "mel-magnitude", "first", log_mel(bank() @ np.abs(spectrum(FIRST)))
    yield "mel-mirrored-bins", "first", log_mel(bank() @ mirrored(FIRST))
    yield "mel-frame-mean-removed", "first", log_mel(bank() @ centred())
    yield "mel-no-area-norm", "first", whisper(FIRST, bank(norm=None))
    yield "mel-unit-sum-norm", "first", whisper(FIRST, bank(norm=1))
    yield "mel-htk-scale", "first", whisper(FIRST, bank(htk=True))
    yield "mel-torchaudio-filters", "first", whisper(FIRST, bank(htk=True, norm=None))
    yield "mel-bin-quantized-htk", "first", whisper(FIRST, quantized_bank())
    yield "mel-kaldi-triangles+mel-no-area-norm", "first", whisper(FIRST, kaldi_bank())
    yield "mel-filters-22050", "first", whisper(FIRST, bank(sr=22050))
    yield "mel-max-7600", "first", whisper(FIRST, bank(fmax=7600))
    yield "mel-128-bands", "first", whisper(FIRST, bank(128))[:80]
    yield "mel-filterbank-transposed", "first", whisper(FIRST, bank().reshape(201, 80).T)
    yield "mel-ln-instead-of-log10", "first", compress(mel, log=np.log)
    yield "mel-power-to-db+mel-zero-edges+mel-last-frame-kept", "first", decibels(FIRST, 400, HOP, np.max)[:, :CONTEXT]
    yield "mel-power-to-db-ref-1+mel-zero-edges+mel-last-frame-kept", "first", decibels(FIRST, 400, HOP, 1.0)[:, :CONTEXT]
    yield "mel-log1p", "first", compress(mel + 1, log=np.log)
    yield "mel-floor-1e-5", "first", compress(mel, floor=1e-5)
    yield "mel-no-clamp", "first", (logs + 4) / 4
    yield "mel-no-scaling", "first", np.maximum(logs, logs.max() - 8)
    yield "mel-per-second-max", "first", np.concatenate([compress(part) for part in np.split(mel, 3, 1)], 1)
    yield "mel-misread-transposed", "first", whisper(FIRST).reshape(CONTEXT, 80).T
    yield "mel-misread-bands-first", "first", whisper(FIRST).T.reshape(80, CONTEXT)
    yield "mel-librosa-defaults", "first", fitted(decibels(FIRST, 2048, 512, np.max))
    yield "mel-librosa-defaults-reflect", "first", fitted(decibels(FIRST, 2048, 512, np.max, pad_mode="reflect"))
    yield "mel-float16", "first", whisper(FIRST).astype(np.float16).astype(np.float64)


def summary(slugs, audio, mel):
    rows = np.ascontiguousarray(mel.T)  # [frames, bands]
    flat = rows.ravel()
    indices = (np.arange(20, dtype=np.int64) * 7919 + 11) % flat.size
    return {"faults": slugs.split("+"), "audio": audio, "shape": list(rows.shape), "mean": float(flat.mean()),
            "rootMeanSquare": float(np.sqrt((flat**2).mean())), "maximum": float(flat.max()),
            "values": [float(f"{v:.15g}") for v in flat[indices]]}


def main():
    entries = [summary(*variant) for variant in variants()]
    document = {
        "made": {"numpy": np.__version__, "torch": torch.__version__, "librosa": librosa.__version__,
                 "transformers": transformers.__version__, "soxr": soxr.__version__},
        "signal": {"samples": len(INTEGERS), "sum": int(INTEGERS.astype(np.int64).sum()),
                   "sumOfSquares": int((INTEGERS.astype(np.int64) ** 2).sum())},
        "contextFrames": CONTEXT, "shortSamples": len(SHORT), "entries": entries,
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    temporary = TARGET.with_suffix(".tmp")
    temporary.write_text(json.dumps(document, indent=None, separators=(",", ":")).replace('{"faults"', '\n{"faults"'))
    os.replace(temporary, TARGET)
    print(f"{TARGET}: {len(entries)} variants, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
