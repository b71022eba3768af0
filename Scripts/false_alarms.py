#!/usr/bin/env python3
"""Runs sound encoders over difficult sounds and counts false alarms: there should be none.

usage: false_alarms.py [--tool PATH] [--models LIST] [--threads LIST] [--backends LIST] [--taps SET]
                       [--only TEXT] [--keep FOLDER]

needs: Python 3.9, nothing else
Sounds and mels are made here, seeded: silence, constants, tones whose frames repeat, clicks, noise,
clipped and very short sounds; mels with frames that are equal, zeroed or repeated. Equal rows make
equal rounding errors, which add up where independent ones would cancel. Prints, for each, the
largest introduced error of each backend in units of its bound, and where it is; exit 1 for an alarm.
"""
import argparse
import array
import json
import math
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import wave

RATE = 16000


def tone(hertz, seconds=3.0, level=0.5, shape=math.sin):
    return [level * shape(2 * math.pi * hertz * t / RATE) for t in range(int(seconds * RATE))]


def square(hertz, level=0.5):
    return tone(hertz, level=level, shape=lambda phase: 1.0 if math.sin(phase) >= 0 else -1.0)


def noise(level, seconds=3.0, seed=1):
    generator = random.Random(seed)
    return [level * generator.gauss(0, 1) for _ in range(int(seconds * RATE))]


def chirp(seconds=3.0):
    growth = math.log(70) / seconds
    return [0.5 * math.sin(2 * math.pi * 100 * math.expm1(growth * t / RATE) / growth)
            for t in range(int(seconds * RATE))]


def vowel(pitch=120, seconds=0.3):
    """Harmonics under two formants: something like a voice."""
    def weight(hertz):
        return math.exp(-((hertz - 700) / 200) ** 2) + 0.5 * math.exp(-((hertz - 1200) / 250) ** 2) + 0.02
    harmonics = [(n, weight(n * pitch)) for n in range(1, 40)]
    return [0.2 * sum(w * math.sin(2 * math.pi * n * pitch * t / RATE) for n, w in harmonics)
            for t in range(int(seconds * RATE))]


def clicks(period):
    return [0.9 if t % period == 0 else 0.0 for t in range(3 * RATE)]


def sounds():
    """Name → samples in −1 … 1."""
    gap = [0.0] * 3200
    return {
        "silence": [0.0] * (3 * RATE),
        "dc": [0.5] * (3 * RATE),
        "dc-tiny": [1 / 32768] * (3 * RATE),
        "least-bit": [(t % 2) / 32768 for t in range(3 * RATE)],
        "nyquist": [0.5 - (t % 2) for t in range(3 * RATE)],
        "impulse": [0.0] * RATE + [0.9] + [0.0] * (2 * RATE),
        "step": [0.0] * RATE + [0.7] * (2 * RATE),
        "one-sample": [0.9],
        "short-10ms": tone(440, 0.01),
        "square-100": square(100),
        "square-1000": square(1000),
        "square-clipped": square(250, level=1.0),
        "sine-100": tone(100),
        "sine-440": tone(440),
        "sine-1000": tone(1000),
        "sine-7900": tone(7900),
        "sine-full": tone(1000, 6.0),
        "sine-clipped": [max(-1.0, min(1.0, 4 * s)) for s in tone(300)],
        "clicks-160": clicks(160),
        "clicks-400": clicks(400),
        "clicks-3200": clicks(3200),
        "chirp": chirp(),
        "noise": noise(0.2),
        "noise-quiet": noise(1e-4),
        "noise-full": noise(0.2, 6.0),
        "noise-clipped": [max(-1.0, min(1.0, s)) for s in noise(3.0)],
        "noise-repeated": noise(0.2, 0.01) * 300,
        "noise-then-silence": noise(0.2, 0.5) + [0.0] * (5 * RATE),
        "vowel-then-silence": vowel() + [0.0] * (5 * RATE),
        "vowel-repeated": (vowel() + gap) * 8,
        "vowel-quiet": [s * 1e-3 for s in vowel()],
    }


def mels(frames, bands):
    """Name → rows of a mel `[frames, bands]`, what no microphone gives but a port may."""
    generator = random.Random(2)
    row = [generator.uniform(-1, 1.5) for _ in range(bands)]
    rows = [[generator.uniform(-1, 1.5) for _ in range(bands)] for _ in range(frames)]
    return {
        "mel-zeros": [[0.0] * bands] * frames,
        "mel-ones": [[1.0] * bands] * frames,
        "mel-large": [[1000.0] * bands] * frames,
        "mel-one-row": [row] * frames,
        "mel-two-rows": [rows[t % 2] for t in range(frames)],
        "mel-seven-rows": [rows[t % 7] for t in range(frames)],
        "mel-half-zero": [[0.0] * bands if t >= frames // 2 else rows[t] for t in range(frames)],
        "mel-one-odd-frame": [rows[0] if t == frames // 3 else row for t in range(frames)],
        "mel-random": rows,
    }


def write_wav(path, samples):
    values = array.array("h", (max(-32768, min(32767, round(s * 32768))) for s in samples))
    if sys.byteorder == "big":
        values.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, len(values), "NONE", ""))
        file.writeframes(values.tobytes())


def write_npy(path, rows):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (len(rows), len(rows[0]))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            file.write(struct.pack("<%df" % len(row), *row))


def run(tool, source, model, threads, backends, taps):
    """The `candidates` of one run, or the line that says why there are none."""
    command = [tool, "run", *source, "--backends", f"reference,{backends}", "--threads", str(threads),
               "--taps", taps, "--no-transcript", "--quiet", "--json", "-"]
    if model != "shipped":
        command += ["--model", model]
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode > 1:
        raise SystemExit(f"{' '.join(command)}: {process.stderr.strip()}")
    return json.loads(process.stdout)["candidates"]


def ratio(tap):
    """How much of its bound an introduced error uses."""
    introduced = tap.get("introduced") or {}
    return introduced.get("ratioToBound") or 0.0


def dimensions(tool, model):
    """Frames and bands of the model's mel."""
    command = [tool, "model", "--json", "-"] + ([] if model == "shipped" else [model])
    document = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    found = document["encoder"]
    return 2 * found["frames"], found["mels"]


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Count false alarms of sound encoders.")
    parser.add_argument("--tool", default=str(here / "encoder-diff"))
    parser.add_argument("--models", default="shipped,synthetic:tiny")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--backends", default="reference:f32,blas,graph")
    parser.add_argument("--taps", default="ops")
    parser.add_argument("--only", default="", help="sounds whose name contains this")
    parser.add_argument("--keep", help="write sounds and mels here and leave them")
    arguments = parser.parse_args()
    names = arguments.backends.split(",")
    alarms = runs = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{'model':<16}{'threads':<9}{'sound':<20}" + "".join(f"{n:<44}" for n in names))
        for model in arguments.models.split(","):
            frames, bands = dimensions(arguments.tool, model)
            sources = []
            for name, samples in sounds().items():
                path = folder / f"{name}.wav"
                write_wav(path, samples)
                sources.append((name, [str(path)]))
            for name, rows in mels(frames, bands).items():
                path = folder / f"{name}-{frames}x{bands}.npy"
                write_npy(path, rows)
                sources.append((name, ["--mel", str(path)]))
            for threads in arguments.threads.split(","):
                for name, source in sources:
                    if arguments.only not in name:
                        continue
                    cells = []
                    for candidate in run(arguments.tool, source, model, threads, arguments.backends,
                                         arguments.taps):
                        runs += 1
                        worst = max(candidate["taps"], key=ratio)
                        alarm = candidate["verdict"] != "parity"
                        alarms += alarm
                        cell = f"{ratio(worst):.2f} {worst['tap'].replace('encoder.', '')}"
                        cells.append(f"{cell + (' ALARM ' + str(candidate['firstDivergence']) if alarm else ''):<44}")
                    print(f"{model:<16}{threads:<9}{name:<20}" + "".join(cells), flush=True)
    print(f"{alarms} false alarms in {runs} runs of a backend")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
