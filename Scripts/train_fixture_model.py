#!/usr/bin/env python3
"""Trains the shipped model, spoken-digits, from nothing: Whisper's architecture on what espeak-ng says.

usage: train_fixture_model.py WORK_FOLDER [--processes N] [--threads N]

Speaks the data (kept in WORK_FOLDER), trains (a checkpoint every 100 steps; a second call goes on
from it), evaluates on new strings and on unseen voices, and writes Fixtures/models/spoken-digits: a
Hugging Face folder with training.json, the figures. Everything is seeded.
Needs espeak-ng, torch, numpy, safetensors and openai-whisper, whose modules are the model.

The first steps see windows of 3 s, placed anywhere among the encoder's fixed sinusoids; the others,
whose matrix products are bf16, see 3, 4.5 or 6 s. The encoder's output is taught two more things, by
projections that are thrown away: where the words lie (CTC) and how many have begun (first by CTC over
ordinals, later frame by frame, along the best path of the former): what the decoder has to know to
find the next word, and learns slowly by itself.
"""
import argparse
import importlib.metadata
import json
import math
import pathlib
import pickle
import time

import numpy as np
import torch
import torch.nn.functional as F
from whisper.model import ModelDimensions, Whisper

from fixture_speech import DIGITS, UNSEEN_VARIANTS, VARIANTS, draw_utterance, speak_all
from hugging_face_folder import write_folder
from training_batches import MOST_WORDS, Batches, token_rows, words_begun

SEED = 20260117
SPECIALS = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]
PROMPT, END, FIRST_WORD = [1, 2, 3, 4], 0, len(SPECIALS)
DIMENSIONS = ModelDimensions(n_mels=80, n_audio_ctx=300, n_audio_state=128, n_audio_head=2, n_audio_layer=4,
                             n_vocab=len(SPECIALS) + len(DIGITS), n_text_ctx=16, n_text_state=128, n_text_head=2,
                             n_text_layer=2)
UTTERANCES, EVALUATED = 9000, 500
SHORT_FRAMES, FULL_FRAMES = 300, 600
MIXED_FRAMES = [300, 450, 600, 600]
SHORT_STEPS, ORDINALS_FROM, COUNTING_FROM, STEPS = 1400, 1900, 2300, 4000
BATCH, WARM_UP, WEIGHT_DECAY, CTC_WEIGHT, COUNTING_WEIGHT = 32, 200, 0.05, 0.3, 0.5
# The learning rate goes down four cosines: until which step, from which peak, from which step on, for how long.
RATES = [(1400, 2e-3, WARM_UP, 2800), (2000, 1.3e-3, 1400, 1800), (2900, 1e-3, 2000, 900), (STEPS, 8e-4, 2900, 1100)]


def speak_data(folder, processes):
    """Three lists of (samples, words): training, new strings of the same voices, unseen voices."""
    kept = folder / "utterances.pickle"
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    rng = np.random.default_rng(SEED)
    training = [draw_utterance(rng, VARIANTS) for _ in range(UTTERANCES)]
    known = {tuple(r["words"]) for r in training}

    def fresh(variants):
        recipes = []
        while len(recipes) < EVALUATED:
            recipe = draw_utterance(rng, variants)
            if len(recipe["words"]) > 1 and tuple(recipe["words"]) not in known:
                recipes.append(recipe)
        return recipes

    sets = [speak_all(recipes, processes) for recipes in (training, fresh(VARIANTS), fresh(UNSEEN_VARIANTS))]
    kept.write_bytes(pickle.dumps(sets))
    return sets


def new_model():
    """The model and the projections for the CTC losses: of words and of their ordinals."""
    torch.manual_seed(SEED)
    model = Whisper(DIMENSIONS)
    torch.nn.init.normal_(model.decoder.token_embedding.weight, std=0.05)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.02)
    labels = dict(words=len(DIGITS), ordinals=MOST_WORDS)
    return model, torch.nn.ModuleDict(
        {name: torch.nn.Linear(DIMENSIONS.n_audio_state, 1 + count) for name, count in labels.items()})


def encode(encoder, mels, first_position=0):
    """AudioEncoder.forward for any number of frames, placed anywhere among the positions."""
    x = F.gelu(encoder.conv2(F.gelu(encoder.conv1(mels)))).permute(0, 2, 1)
    x = x + encoder.positional_embedding[first_position:first_position + x.shape[1]]
    for block in encoder.blocks:
        x = block(x)
    return encoder.ln_post(x)


def losses(model, heads, mels, words, first_position, step):
    """Of the decoder's next token, of the words by CTC, of counting the words; and their weighted sum."""
    audio = encode(model.encoder, mels, first_position)
    inputs, targets = token_rows(words, PROMPT, FIRST_WORD, END)
    text = F.cross_entropy(model.decoder(inputs, audio).flatten(0, 1), targets.flatten(), ignore_index=-100)
    spoken, ordinals = heads["words"](audio).float(), heads["ordinals"](audio).float()
    labels = [[1 + d for d in w] for w in words]
    aligned = ctc(spoken, labels)
    loss = text + CTC_WEIGHT * aligned
    if step < COUNTING_FROM:
        counted = ctc(ordinals, [[1 + i for i in range(len(w))] for w in words])
        loss = loss + CTC_WEIGHT * counted if step >= ORDINALS_FROM else loss
    else:
        counted = F.cross_entropy(ordinals.flatten(0, 1), words_begun(spoken, labels).flatten())
        loss = loss + COUNTING_WEIGHT * counted
    return text, aligned, counted, loss


def ctc(logits, labels):
    """The CTC loss per label; blank is 0."""
    aligned = F.log_softmax(logits, dim=-1).transpose(0, 1)
    counts = torch.tensor([len(row) for row in labels])
    flat = torch.tensor([label for row in labels for label in row])
    loss = F.ctc_loss(aligned, flat, torch.full_like(counts, logits.shape[1]), counts, reduction="sum")
    return loss / max(int(counts.sum()), 1)


def learning_rate(step):
    _, peak, start, length = next(rate for rate in RATES if step <= rate[0])
    if step < WARM_UP:
        return peak * step / WARM_UP
    return peak * (0.01 + 0.495 * (1 + math.cos(math.pi * (step - start) / length)))


def make_optimizer(model, heads):
    parameters = [p for p in [*model.parameters(), *heads.parameters()] if p.requires_grad]
    groups = [dict(params=[p for p in parameters if p.dim() > 1], weight_decay=WEIGHT_DECAY),
              dict(params=[p for p in parameters if p.dim() == 1], weight_decay=0.0)]
    return torch.optim.AdamW(groups, lr=RATES[0][1], betas=(0.9, 0.98))


def train(model, heads, batches, check, folder):
    """Runs all steps that the newest checkpoint lacks; returns the CPU minutes of all of them."""
    optimizer, kept, first, spent = make_optimizer(model, heads), folder / "checkpoint.pt", 0, 0.0
    if kept.exists():
        state = torch.load(kept)
        model.load_state_dict(state["model"]), heads.load_state_dict(state["heads"])
        optimizer.load_state_dict(state["optimizer"])
        first, spent = state["step"], state["minutes"]
    began, told = time.process_time(), time.time()
    for step in range(first, STEPS):
        is_short, random = step < SHORT_STEPS, np.random.default_rng([SEED, step])
        frames = SHORT_FRAMES if is_short else int(random.choice(MIXED_FRAMES))
        mels, words = batches.batch(step, BATCH, frames)
        position = random.integers(0, (FULL_FRAMES - frames) // 2 + 1)
        with torch.autocast("cpu", torch.bfloat16, enabled=not is_short):
            text, aligned, counted, loss = losses(model, heads, mels, words, position, step)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step + 1)
        optimizer.step()
        minutes = spent + (time.process_time() - began) / 60
        if (step + 1) % 20 == 0:
            print(f"{step + 1:5} text {text:.4f} words {aligned:.4f} counts {counted:.4f} {minutes:.1f} CPU min "
                  f"{(time.time() - told) / 20:.2f} s/step", flush=True)
            told = time.time()
        if (step + 1) % 100 == 0:
            torch.save(dict(model=model.state_dict(), heads=heads.state_dict(), optimizer=optimizer.state_dict(),
                            step=step + 1, minutes=minutes), kept)
        if (step + 1) % 200 == 0:
            print(f"{step + 1:5} word error rate {check(model):.4f}", flush=True)
    return spent + (time.process_time() - began) / 60


@torch.no_grad()
def transcribe(model, mels):
    """The words of each mel, greedily."""
    audio = encode(model.encoder, mels)
    tokens = torch.tensor([PROMPT] * len(mels))
    for _ in range(MOST_WORDS + 1):
        following = model.decoder(tokens, audio)[:, -1].argmax(-1)
        following[tokens[:, -1] == END] = END
        tokens = torch.cat([tokens, following[:, None]], dim=1)
    return [[t - FIRST_WORD for t in row[len(PROMPT):] if t != END] for row in tokens.tolist()]


def word_error_rate(model, utterances):
    mels = Batches(utterances, SEED).plain(FULL_FRAMES)
    said = [words for i in range(0, len(mels), 50) for words in transcribe(model, mels[i:i + 50])]
    errors = sum(edit_distance(words, heard) for (_, words), heard in zip(utterances, said))
    return errors / sum(len(words) for _, words in utterances)


def edit_distance(left, right):
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        corner, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (a != b))
    return row[-1]


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    training, new_strings, unseen_voices = speak_data(options.folder, options.processes)
    print(f"{len(training)} utterances to learn from", flush=True)
    model, heads = new_model()
    batches = Batches(training, SEED)
    minutes = train(model, heads, batches, lambda m: word_error_rate(m, new_strings[:100]), options.folder)
    figures = dict(
        word_error_rate_new_strings=word_error_rate(model, new_strings),
        word_error_rate_unseen_voices=word_error_rate(model, unseen_voices),
        evaluated=[len(new_strings), len(unseen_voices)], utterances=len(training), seed=SEED,
        steps=STEPS, cpu_minutes=round(minutes, 1),
        versions={name: importlib.metadata.version(name) for name in ("torch", "openai-whisper", "numpy")})
    print(json.dumps(figures, indent=1))
    target = pathlib.Path(__file__).parent.parent / "Fixtures/models/spoken-digits"
    write_folder(target, model, SPECIALS + DIGITS)
    (target / "training.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
