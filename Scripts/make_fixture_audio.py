#!/usr/bin/env python3
"""Writes Fixtures/audio: what the tool is tried on, all of it synthesised here.

usage: make_fixture_audio.py [FOLDER]        needs espeak-ng, numpy, soundfile (libsndfile), torch, openai-whisper

Speech comes from espeak-ng, everything else from seeded numpy. WAV and FLAC come out the same bytes
each time; MP3 and Ogg depend on the encoder's version.
"""
import json
import pathlib
import sys

import numpy as np
import soundfile

from fixture_speech import DIGITS, SAMPLE_RATE, resample, say

SEED = 20260117


def spoken(digits, voice, speed=150, pitch=50):
    """Half a second of silence, the digits, 0.4 s of silence; and their text."""
    text = " ".join(DIGITS[int(d)] for d in digits)
    speech = say(text, voice, speed, pitch, word_gap=2)
    return np.concatenate([np.zeros(8000), 0.7 * speech / np.abs(speech).max(), np.zeros(6400)]), text


def long_recording():
    """20 s: four strings, each inside its own window of six seconds (the last window is short)."""
    parts = [("6204", "en-gb+m3"), ("18573", "en-us+f2"), ("99016", "en-gb-scotland+m1"), ("42", "en-029+f4")]
    samples, texts = np.zeros(20 * SAMPLE_RATE), []
    for window, (digits, voice) in enumerate(parts):
        speech, text = spoken(digits, voice, speed=160)
        start = 6 * window * SAMPLE_RATE
        samples[start:start + len(speech)] = speech
        texts.append(text)
    return samples, " ".join(texts)


def chirp(seconds=3):
    """A sine that sweeps from 100 Hz to 7 kHz on a logarithmic scale, faded at both ends."""
    time = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    growth = np.log(7000 / 100) / seconds
    wave = 0.5 * np.sin(2 * np.pi * 100 * np.expm1(growth * time) / growth)
    return wave * np.minimum(1, np.minimum(time, time[::-1]) * 50)


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "Fixtures/audio"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    transcripts = {}

    def write(name, samples, text="", rate=SAMPLE_RATE, **how):
        samples = np.clip(samples, -1, 1 - 2 ** -15)
        how.setdefault("subtype", None if name.endswith(("mp3", "ogg")) else "PCM_16")
        soundfile.write(folder / name, samples, rate, **how)
        transcripts[name] = text

    main_speech, main_text = spoken("2936", "en-gb+m3")
    write("digits.wav", main_speech, main_text)
    write("digits-long.flac", *long_recording())
    write("digits-us.wav", *spoken("7041853", "en-us+f2", speed=170))
    write("digits-scotland.wav", *spoken("580", "en-gb-scotland+m5", speed=130))
    # A voice that the model never heard.
    write("digits-unseen-voice.wav", *spoken("31764", "en-gb+m8", speed=145))

    noise = random.standard_normal(len(main_speech))
    level = np.sqrt(np.mean(main_speech ** 2)) * 10 ** (-10 / 20)
    write("digits-noisy.wav", main_speech + level * noise, main_text)
    write("digits-clipped.wav", 12 * main_speech, main_text)
    write("digits-quiet.wav", 0.02 * main_speech, main_text)

    # The same speech in other rates, channels and containers.
    left, right = (resample(main_speech, SAMPLE_RATE, 44100) * gain for gain in (0.9, 0.6))
    stereo = np.stack([left, right], 1)
    write("digits-44100-stereo.flac", stereo, main_text, 44100)
    write("digits-44100-stereo.ogg", stereo, main_text, 44100)
    write("digits-44100-stereo.mp3", stereo, main_text, 44100)
    write("digits-22050.wav", resample(main_speech, SAMPLE_RATE, 22050), main_text, 22050)
    write("digits-8000.wav", resample(main_speech, SAMPLE_RATE, 8000), main_text, 8000)

    write("silence.wav", np.zeros(2 * SAMPLE_RATE))
    write("noise.wav", 0.1 * random.standard_normal(2 * SAMPLE_RATE))
    write("chirp.wav", chirp())
    (folder / "transcripts.json").write_text(json.dumps(transcripts, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
