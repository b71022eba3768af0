#!/usr/bin/env python3
"""Goldens of Whisper's text decoder: OpenAI's own module in Float64, with small random weights.

usage: decoder_goldens.py [FOLDER]     (default: Fixtures/goldens/decoder)

Writes tied.safetensors and projected.safetensors. Each holds the decoder's weights (f32, OpenAI's
names; projected also an output projection of its own), `audio` [frames, width] (f64), `logits`
[tokens, vocabulary] (f64) of one teacher-forced pass over the metadata's `tokens`, and in the
metadata what greedy and beam search find from `prompt` (end of text: 0), with their Σ log p, and
what greedy search finds from `timed-prompt` under OpenAI's rules for points in time (end of text:
29, no timestamps: 30, points in time from 31 on).
Needs torch, safetensors and openai-whisper, whose decoder and beam search are the reference.
"""
import os
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from whisper.decoding import ApplyTimestampRules, BeamSearchDecoder, MaximumLikelihoodRanker
from whisper.model import LayerNorm, TextDecoder

VOCABULARY, CONTEXT, WIDTH, HEADS, LAYERS, FRAMES = 37, 20, 24, 3, 2, 11
PROMPT, END, BEAM = [1, 2, 3], 0, 4
SPECIALS = [1, 2, 3]  # start, language and task are never sampled


class Timed:
    """The tokenizer that ApplyTimestampRules wants."""

    eot, no_timestamps, timestamp_begin = 29, 30, 31
    prompt = [26, 27, 28]


class Searched:
    """What BeamSearchDecoder wants of an inference: without a cache there is nothing to move."""

    def rearrange_kv_cache(self, source_indices):
        pass


def random_decoder(generator):
    decoder = TextDecoder(VOCABULARY, CONTEXT, WIDTH, HEADS, LAYERS).double()
    with torch.no_grad():
        for name, parameter in decoder.named_parameters():
            gain = 1.0 if parameter.dim() == 1 else 2.2 / parameter.shape[-1] ** 0.5
            values = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * gain
            if "embedding" in name:
                values = values * 2.0
            if name.endswith("ln.weight"):
                values = 1 + 0.2 * values
            elif parameter.dim() == 1:
                values = 0.3 * values
            parameter.copy_(values.float().double())  # what is stored is what is used
    return decoder.eval()


def logits_of(decoder, projection, tokens, audio):
    """[batch, tokens, vocabulary]: TextDecoder.forward without its cast of logits to Float32."""
    tokens = torch.tensor(tokens)
    audio = audio[None].expand(len(tokens), -1, -1)
    x = decoder.token_embedding(tokens) + decoder.positional_embedding[: tokens.shape[-1]]
    for block in decoder.blocks:
        x = block(x, audio, mask=decoder.mask)
    return decoder.ln(x) @ (decoder.token_embedding.weight if projection is None else projection).T


def greedy(step, prompt, end):
    tokens, total = list(prompt), 0.0
    while len(tokens) <= CONTEXT:
        log = F.log_softmax(step([tokens])[0, -1], dim=-1)
        tokens.append(int(log.argmax()))
        total += float(log.max())
        if tokens[-1] == end:
            break
    return tokens[len(prompt):], total


def beam(step, length_penalty):
    search = BeamSearchDecoder(BEAM, END, Searched())
    search.reset()
    tokens = torch.tensor([PROMPT] * BEAM)
    totals = torch.zeros(BEAM, dtype=torch.float64)
    while tokens.shape[1] <= CONTEXT:
        logits = step(tokens.tolist())[:, -1]
        tokens, completed = search.update(tokens, logits, totals)
        if completed:
            break
    found, sums = search.finalize(tokens[None], totals[None])
    trimmed = [[t[len(PROMPT):] for t in found[0]]]
    text = [[t[: (t == END).nonzero()[0, 0]] if (t == END).any() else t for t in trimmed[0]]]
    best = MaximumLikelihoodRanker(length_penalty).rank(text, sums)[0]
    return text[0][best].tolist(), sums[0][best]


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        os.path.dirname(__file__), "..", "Fixtures", "goldens", "decoder")
    os.makedirs(folder, exist_ok=True)
    torch.set_num_threads(1)
    LayerNorm.forward = torch.nn.LayerNorm.forward  # OpenAI's computes in Float32
    for name, seed, tied in [("tied", 11, True), ("projected", 12, False)]:
        generator = torch.Generator().manual_seed(seed)
        decoder = random_decoder(generator)
        audio = torch.randn(FRAMES, WIDTH, generator=generator, dtype=torch.float64)
        projection = None
        if not tied:
            projection = torch.randn(VOCABULARY, WIDTH, generator=generator).double() * 0.5
        tokens = PROMPT + torch.randint(4, VOCABULARY, (9,), generator=generator).tolist()
        with torch.no_grad():
            def step(t):
                logits = logits_of(decoder, projection, t, audio)
                logits[..., SPECIALS] = -torch.inf
                return logits

            rules = ApplyTimestampRules(Timed, len(Timed.prompt), 3)

            def timed_step(t):
                logits = logits_of(decoder, projection, t, audio)
                logits[..., Timed.prompt] = -torch.inf
                last = logits[:, -1]
                rules.apply(last, torch.tensor(t))
                return last[:, None]

            # BeamSearchDecoder ranks in Float32; its Σ log p are good to about 1e-6.
            results = {"greedy": greedy(step, PROMPT, END), "beam": beam(step, None),
                       "beam-penalty": beam(step, 0.6),
                       "timed": greedy(timed_step, Timed.prompt, Timed.eot)}
            logits = logits_of(decoder, projection, [tokens], audio)[0]
        tensors = {"decoder." + k: v.float() for k, v in decoder.state_dict().items()
                   if k != "mask"}
        tensors |= {"audio": audio, "logits": logits}
        if projection is not None:
            tensors["proj_out.weight"] = projection.float()
        metadata = {"tokens": str(tokens), "prompt": str(PROMPT),
                    "timed-prompt": str(Timed.prompt)}
        for key, (sequence, total) in results.items():
            metadata[key] = str(sequence)
            metadata[key + "-sum"] = repr(float(total))
        save_file({k: v.contiguous() for k, v in tensors.items()},
                  os.path.join(folder, name + ".safetensors"), metadata)
        print(name, metadata)


if __name__ == "__main__":
    main()
