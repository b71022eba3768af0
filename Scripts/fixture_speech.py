"""Digit strings spoken by espeak-ng, as 16 kHz audio: the fixture audio's and the shipped model's voices."""

import io
import subprocess
import wave
from concurrent.futures import ProcessPoolExecutor

import numpy as np

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

SAMPLE_RATE = 16000
LONGEST_UTTERANCE = 5 * SAMPLE_RATE + 12800

ACCENTS = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029"]
# The voices that the model learns from; none of the unseen ones (nor AnxiousAndy, which is made from Andy).
VARIANTS = (
    "m1 m2 m3 m4 m5 m6 m7 f1 f2 f3 f4 croak Annie Denis Diogo Gene Henrique Hugo Jacky Lee Marco Mario "
    "Michael Mike adam anika antonio aunty belinda benjamin boris caleb david ed edward grandma grandpa gustave "
    "iven iven2 john kaukovalta klatt klatt2 linda marcelo max michel miguel norbert pablo paul pedro quincy "
    "rob robert sandro shelby steph steph2 travis victor RicishayMax").split()
UNSEEN_VARIANTS = "m8 f5 Andy Alex Alicia Andrea Nguyen Zac".split()


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


def draw_utterance(rng, variants):
    """The recipe of one utterance: one to seven digits and how they are said."""
    words = [int(i) for i in rng.integers(0, 10, rng.integers(1, 8))]
    voice = f"{rng.choice(ACCENTS)}+{rng.choice(variants)}"
    return dict(words=words, voice=voice, speed=int(rng.integers(115, 196)), pitch=int(rng.integers(25, 76)),
                gap=int(rng.integers(0, 6)))


def speak(recipe):
    """The 16-bit samples of one recipe; None where espeak-ng is silent or the speech does not fit the window."""
    text = " ".join(DIGITS[d] for d in recipe["words"])
    speech = say(text, recipe["voice"], recipe["speed"], recipe["pitch"], recipe["gap"])
    if not 1600 < len(speech) <= LONGEST_UTTERANCE:
        return None
    return np.round(speech * 32767).astype(np.int16)


def speak_all(recipes, processes=2):
    """(samples, words) of every recipe that can be spoken, in order."""
    with ProcessPoolExecutor(processes) as pool:
        spoken = pool.map(speak, recipes, chunksize=32)
        return [(samples, r["words"]) for samples, r in zip(spoken, recipes) if samples is not None]
