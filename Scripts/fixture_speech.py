"""Spoken digit strings from espeak-ng, as 16 kHz audio and as Whisper's log-mel: the data of the shipped model."""

import io
import subprocess
import wave
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
import whisper.audio

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SPECIALS = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]
VOCABULARY = SPECIALS + DIGITS
PROMPT = [1, 2, 3, 4]
END_OF_TEXT = 0

SAMPLE_RATE = 16000
WINDOW_SAMPLES = 6 * SAMPLE_RATE
WINDOW_FRAMES = 600

ACCENTS = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029"]
# The second stage's voices; none of the held-out ones (nor AnxiousAndy, which is made from Andy).
MORE_VARIANTS = (
    "m1 m2 m3 m4 m5 m6 m7 f1 f2 f3 f4 croak Annie Denis Diogo Gene Henrique Hugo Jacky Lee Marco Mario "
    "Michael Mike adam anika antonio aunty belinda benjamin boris caleb david ed edward grandma grandpa gustave "
    "iven iven2 john kaukovalta klatt klatt2 linda marcelo max michel miguel norbert pablo paul pedro quincy "
    "rob robert sandro shelby steph steph2 travis victor RicishayMax").split()


def say(text, voice, words_per_minute, pitch=50, word_gap=0):
    """16 kHz float64 samples of `text`; espeak-ng speaks at 22.05 kHz, resampled by a windowed sinc."""
    run = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(words_per_minute), "-p", str(pitch),
         "-g", str(word_gap), "--stdout", text],
        stdout=subprocess.PIPE, check=True)
    header = run.stdout
    with wave.open(io.BytesIO(header)) as f:
        rate = f.getframerate()
    samples = np.frombuffer(header[44:len(header) - len(header) % 2], "<i2").astype(np.float64) / 32768
    samples = resample(samples, rate, SAMPLE_RATE)
    loud = np.flatnonzero(np.abs(samples) > 1e-3)
    return samples[max(loud[0] - 160, 0):loud[-1] + 160] if len(loud) else samples[:0]


def resample(samples, rate, new_rate):
    """Band-limited resampling through the spectrum of the whole (zero-padded) clip."""
    if rate == new_rate:
        return samples
    # A multiple of `rate / gcd` samples makes the new length exact.
    step = rate // np.gcd(rate, new_rate)
    count = -(-(len(samples) + 2048) // step) * step
    spectrum = np.fft.rfft(samples, count)
    new_count = count * new_rate // rate
    bins = new_count // 2 + 1
    spectrum = spectrum[:bins] if bins <= len(spectrum) else np.pad(spectrum, (0, bins - len(spectrum)))
    out = np.fft.irfft(spectrum, new_count) * (new_count / count)
    return out[:len(samples) * new_rate // rate]


def log_mel(samples):
    """`[80, frames]` float32: openai-whisper's own log-mel."""
    tensor = torch.from_numpy(np.asarray(samples, np.float32))
    return whisper.audio.log_mel_spectrogram(tensor, 80).numpy()


def draw_utterance(rng):
    """The recipe of one utterance: one to seven digits and how they are said and recorded."""
    words = [int(i) for i in rng.integers(0, 10, rng.integers(1, 8))]
    voice = f"{rng.choice(ACCENTS)}+{rng.choice(MORE_VARIANTS)}"
    return dict(words=words, voice=voice, speed=int(rng.integers(115, 196)), pitch=int(rng.integers(25, 76)),
                gap=int(rng.integers(0, 6)), offset=float(rng.random()), gain=float(10 ** rng.uniform(-1, 0.1)),
                snr=float(rng.uniform(8, 45)), seed=int(rng.integers(1 << 31)))


def in_window(speech, recipe):
    """Six seconds with the speech somewhere in it and white noise over all of it."""
    rng = np.random.default_rng(recipe["seed"])
    start = int(recipe["offset"] * (WINDOW_SAMPLES - len(speech)))
    clip = np.zeros(WINDOW_SAMPLES)
    clip[start:start + len(speech)] = speech
    power = np.sqrt(np.mean(speech ** 2))
    clip += rng.standard_normal(WINDOW_SAMPLES) * power * 10 ** (-recipe["snr"] / 20)
    return np.clip(clip * recipe["gain"], -1, 1)


def make_utterance(recipe):
    """mel `[80, 600]` and the digits; None where the speech does not fit the window."""
    text = " ".join(DIGITS[d] for d in recipe["words"])
    speech = say(text, recipe["voice"], recipe["speed"], recipe["pitch"], recipe["gap"])
    if not 1600 < len(speech) <= WINDOW_SAMPLES - 1600:
        return None
    return log_mel(in_window(speech, recipe)), recipe["words"]


def make_varied(count, wordless, seed):
    """The second stage's set: mels `[n, 80, 600]` float16 and labels `[n, 9]`, padded with end of text."""
    rng = np.random.default_rng(seed)
    recipes = [draw_utterance(rng) for _ in range(count)]
    torch.set_num_threads(1)
    with ProcessPoolExecutor(2) as pool:
        made = [u for u in pool.map(make_utterance, recipes, chunksize=32) if u is not None]
    mels = np.concatenate([np.stack([u[0] for u in made]).astype(np.float16), make_wordless(wordless, seed + 1)])
    labels = np.full((len(mels), 9), END_OF_TEXT, np.int64)
    for row, (_, words) in enumerate(made):
        labels[row, :len(words)] = [len(SPECIALS) + d for d in words]
    return mels, labels


def make_wordless(count, seed):
    """Mels of windows without speech, whose right transcript is empty: silence, noise, hum, tones, clicks."""
    rng = np.random.default_rng(seed)
    time = np.arange(WINDOW_SAMPLES) / SAMPLE_RATE
    mels = []
    for i in range(count):
        level = 10 ** rng.uniform(-4.5, -0.3)
        noise = rng.standard_normal(WINDOW_SAMPLES)
        low, high = np.sort(rng.uniform(50, 7500, 2))
        kinds = [
            lambda: np.zeros(WINDOW_SAMPLES),
            lambda: noise,
            lambda: np.cumsum(noise) / 50,
            lambda: np.sin(2 * np.pi * low * time) + 0.001 * noise,
            lambda: np.sin(2 * np.pi * (low + (high - low) * time / 12) * time) + 1e-3 * rng.random() * noise,
            lambda: np.where(rng.random(WINDOW_SAMPLES) < 1e-4, noise, 0),
        ]
        mels.append(log_mel(np.clip(kinds[i % len(kinds)]() * level, -1, 1)))
    return np.stack(mels).astype(np.float16)
