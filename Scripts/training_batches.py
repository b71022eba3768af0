"""Batches for train_fixture_model.py: windows of augmented speech as Whisper's log-mel, and their words."""
import numpy as np
import torch
import whisper.audio

from fixture_speech import SAMPLE_RATE

HOP = 160
MOST_WORDS = 10
WORDLESS_SHARE = 0.06


def log_mels(clips):
    """`[n, 80, frames]` float32 of `[n, samples]`: openai-whisper's log-mel, each clip by its own maximum."""
    clips = torch.as_tensor(clips, dtype=torch.float32)
    spectrum = torch.stft(clips, 400, HOP, window=torch.hann_window(400), return_complex=True)[..., :-1].abs() ** 2
    mels = (whisper.audio.mel_filters("cpu", 80) @ spectrum).clamp(min=1e-10).log10()
    mels = torch.maximum(mels, mels.amax((1, 2), keepdim=True) - 8)
    return (mels + 4) / 4


class Batches:
    """Draws windows from spoken utterances; the same seed and step give the same batch."""

    def __init__(self, utterances, seed):
        self.utterances, self.seed = utterances, seed
        self.lengths = np.array([len(samples) for samples, _ in utterances])

    def plain(self, frames):
        """Every utterance once, somewhere in its window, at some gain, with noise 10–40 dB below: for evaluation."""
        rng, samples = np.random.default_rng(self.seed), frames * HOP
        clips = []
        for speech, _ in self.utterances:
            clip = np.zeros(samples)
            start = int(rng.integers(0, samples - len(speech) + 1))
            clip[start:start + len(speech)] = speech / 32768
            clip += noise(rng, samples, speech, rng.uniform(10, 40))
            clips.append(np.clip(clip * 10 ** rng.uniform(-1, 0), -1, 1).astype(np.float32))
        return torch.cat([log_mels(np.stack(clips[i:i + 64])) for i in range(0, len(clips), 64)])

    def batch(self, step, size, frames):
        """Augmented mels `[size, 80, frames]` and a list of word lists."""
        rng = np.random.default_rng([self.seed, step])
        fitting = np.flatnonzero(self.lengths <= frames * HOP - 800)
        drawn = [self.window(rng, fitting, frames * HOP) for _ in range(size)]
        mels = log_mels(np.stack([clip for clip, _ in drawn]).astype(np.float32))
        for mel in mels:
            if rng.random() < 0.5:
                low, width = rng.integers(0, 72), rng.integers(2, 13)
                mel[low:low + width] = mel.mean()
        return mels, [words for _, words in drawn]

    def window(self, rng, fitting, samples):
        if rng.random() < WORDLESS_SHARE:
            return wordless(rng, samples), []
        speech, words = self.utterances[rng.choice(fitting)]
        speech = speech / 32768
        other, more = self.utterances[rng.choice(fitting)]
        gap = int(rng.uniform(0.05, 0.8) * SAMPLE_RATE)
        if rng.random() < 0.5 and len(speech) + gap + len(other) < samples and len(words) + len(more) <= MOST_WORDS:
            speech = np.concatenate([speech, np.zeros(gap), other / 32768 * 10 ** rng.uniform(-0.3, 0.3)])
            words = words + more
        clip = np.zeros(samples)
        start = int(rng.integers(0, samples - len(speech) + 1))
        clip[start:start + len(speech)] = speech
        if rng.random() < 0.8:
            clip += noise(rng, samples, speech, rng.uniform(8, 50), speech_scale=1)
        return recorded(rng, clip), words


def noise(rng, samples, speech, decibels, speech_scale=1 / 32768):
    """White noise, so many decibels below the speech."""
    level = np.sqrt(np.mean((speech * speech_scale) ** 2)) * 10 ** (-decibels / 20)
    return rng.standard_normal(samples) * level


def recorded(rng, clip):
    """What recording does to a clip: a narrow band, overdrive, gain, 16 bits; each only sometimes."""
    if rng.random() < 0.15:
        spectrum = np.fft.rfft(clip)
        spectrum[int(rng.uniform(3200, 7000) / 8000 * len(spectrum)):] = 0
        clip = np.fft.irfft(spectrum, len(clip))
    if rng.random() < 0.15:
        clip = clip * rng.uniform(2, 16)
    clip = np.clip(clip, -1, 1) * 10 ** rng.uniform(-1.8, 0)
    return np.round(clip * 32767) / 32768 if rng.random() < 0.7 else clip


def wordless(rng, samples):
    """A window without speech, whose right transcript is empty: silence, noise, hum, tones, clicks."""
    time, level = np.arange(samples) / SAMPLE_RATE, 10 ** rng.uniform(-4.5, -0.3)
    white = rng.standard_normal(samples)
    low, high = np.sort(rng.uniform(50, 7500, 2))
    kinds = [
        lambda: np.zeros(samples),
        lambda: white,
        lambda: np.cumsum(white) / 50,
        lambda: np.sin(2 * np.pi * low * time) + 0.001 * white,
        lambda: np.sin(2 * np.pi * (low + (high - low) * time / 12) * time) + 1e-3 * rng.random() * white,
        lambda: np.where(rng.random(samples) < 1e-4, white, 0),
    ]
    clip = np.clip(kinds[rng.integers(len(kinds))]() * level, -1, 1)
    if rng.random() < 0.5:
        clip[int(rng.uniform(0.2, 1) * samples):] = 0
    return clip


def token_rows(words, prompt, first_word, end):
    """Decoder inputs and targets `[n, longest]`; targets are −100 where nothing is to be learnt."""
    longest = len(prompt) + max(len(w) for w in words)
    inputs = torch.full((len(words), longest), end)
    targets = torch.full((len(words), longest), -100)
    for row, digits in enumerate(words):
        tokens = [first_word + d for d in digits]
        inputs[row, :len(prompt) + len(tokens)] = torch.tensor(prompt + tokens)
        targets[row, len(prompt) - 1:len(prompt) + len(tokens)] = torch.tensor(tokens + [end])
    return inputs, targets


def words_begun(logits, labels):
    """`[n, frames]`: how many words have begun at each frame, along the best CTC path of `labels`; blank is 0."""
    scores = torch.log_softmax(logits.detach(), dim=-1).numpy()
    count, frames, _ = scores.shape
    ends = np.array([2 * len(row) for row in labels])
    states = np.zeros((count, ends.max() + 1), np.int64)  # blank, word, blank, word, …, blank
    for row, words in zip(states, labels):
        row[1:2 * len(words):2] = words
    emitted = np.take_along_axis(scores, states[:, None, :], axis=2)
    jumps = np.zeros_like(states, bool)
    jumps[:, 2:] = (states[:, 2:] != 0) & (states[:, 2:] != states[:, :-2])
    best = np.full(states.shape, -np.inf)
    best[:, :2] = emitted[:, 0, :2]
    steps = np.zeros((frames, *states.shape), np.int64)
    for frame in range(1, frames):
        ways = np.full((3, *states.shape), -np.inf)
        ways[0], ways[1, :, 1:] = best, best[:, :-1]
        ways[2, :, 2:] = np.where(jumps[:, 2:], best[:, :-2], -np.inf)
        steps[frame] = ways.argmax(0)
        best = ways.max(0) + emitted[:, frame]
    rows = np.arange(count)
    before = np.maximum(ends - 1, 0)
    state = np.where(best[rows, ends] >= best[rows, before], ends, before)
    begun = np.zeros((count, frames), np.int64)
    for frame in reversed(range(frames)):
        begun[:, frame] = (state + 1) // 2
        state = state - steps[frame, rows, state]
    return torch.from_numpy(begun)
