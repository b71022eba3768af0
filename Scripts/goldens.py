#!/usr/bin/env python3
"""Goldens of the encoder: OpenAI's own module in Float64 on whole models, sampled.

usage: goldens.py [FOLDER]     (default: Fixtures/goldens/encoder)

Writes a safetensors file a case: the shipped model over fixture audio, and synthetic:tiny over
speech. Each holds `mel` [frames, mels] (openai-whisper's, rounded to f16 so that it is small and
exact; to be padded to the window with the metadata's `padding`), and for every tap, scores and
probabilities included, `samples/TAP` (f64, 64 values at the flat places `places/SHAPE`, drawn by
seed) and `moments/TAP` (f64: mean, standard deviation, L2 norm, minimum, maximum). Cases with a
decoder also hold `decoder.logits` (f64): the greedy decode of the metadata's `tokens`.
Needs torch, numpy, safetensors, soundfile and openai-whisper.
"""
import contextlib
import importlib.metadata
import pathlib
import sys

import numpy as np
import soundfile
import torch
import torch.nn.functional as F
import whisper.audio
import whisper.model
from safetensors.numpy import save_file

from hugging_face_folder import read_folder
from synthetic_weights import SIZES, weights

FIXTURES = pathlib.Path(__file__).parent.parent / "Fixtures"
SEED, NUM_SAMPLES = 20260117, 64
PROMPT, END = [1, 2, 3, 4], 0
CASES = [("spoken-digits", "digits"), ("spoken-digits", "digits-noisy"), ("spoken-digits", "silence"),
         ("synthetic-tiny", "digits-us")]


def in_float64():
    """Takes the casts to Float32 out of OpenAI's modules; attention is the explicit one, and keeps its maps."""
    whisper.model.LayerNorm.forward = torch.nn.LayerNorm.forward

    def qkv_attention(self, q, k, v, mask=None):
        q, k, v = (t.unflatten(-1, (self.n_head, -1)).transpose(1, 2) for t in (q, k, v))
        scale = q.shape[-1] ** -0.25
        scores = (q * scale) @ (k * scale).transpose(-1, -2)
        if mask is not None:
            scores = scores + mask[:q.shape[2], :q.shape[2]]
        self.maps = (scores, F.softmax(scores, dim=-1))
        return (self.maps[1] @ v).transpose(1, 2).flatten(2), scores

    whisper.model.MultiHeadAttention.qkv_attention = qkv_attention


def shipped():
    return read_folder(FIXTURES / "models/spoken-digits").double().eval()


def synthetic_tiny():
    mels, frames, width, heads, layers = SIZES["tiny"]
    encoder = whisper.model.AudioEncoder(mels, frames, width, heads, layers)
    with np.errstate(over="ignore"):
        state = {name.removeprefix("encoder."): torch.from_numpy(w) for name, w in weights("tiny")}
    encoder.load_state_dict(state)
    return encoder.double().eval()


@contextlib.contextmanager
def observed(encoder, taps):
    """Hooks that put every tap into `taps`, without the batch dimension."""
    handles = []

    def outputs(name, module):
        handles.append(module.register_forward_hook(lambda m, i, o: taps.__setitem__(name, o[0])))

    def inputs(name, module):
        handles.append(module.register_forward_pre_hook(lambda m, i: taps.__setitem__(name, i[0][0])))

    outputs("encoder.conv1", encoder.conv1), inputs("encoder.gelu1", encoder.conv2)
    outputs("encoder.conv2", encoder.conv2), inputs("encoder.embed", encoder.blocks[0])
    for n, block in enumerate(encoder.blocks):
        at = f"encoder.blocks.{n}"
        for part in ("attn_ln", "attn.query", "attn.key", "attn.value", "attn.out", "mlp_ln", "mlp.0", "mlp.1", "mlp.2"):
            outputs(f"{at}.{part}", block.get_submodule(part))
        inputs(f"{at}.attn.context", block.attn.out), inputs(f"{at}.attn_residual", block.mlp_ln)
        outputs(at, block)
    outputs("encoder.ln_post", encoder.ln_post)
    yield
    for handle in handles:
        handle.remove()
    for n, block in enumerate(encoder.blocks):
        scores, probs = block.attn.maps
        taps[f"encoder.blocks.{n}.attn.scores"], taps[f"encoder.blocks.{n}.attn.probs"] = scores[0], probs[0]
    for name in ("encoder.conv1", "encoder.gelu1", "encoder.conv2"):
        taps[name] = taps[name].T
    taps["encoder.gelu2"] = F.gelu(taps["encoder.conv2"])


def mel_of(audio, num_frames):
    """`[frames, 80]` f16 of at most six seconds, and the value that the rest of the window has."""
    samples, rate = soundfile.read(FIXTURES / f"audio/{audio}.wav", dtype="float32")
    assert rate == 16000
    padded = whisper.audio.pad_or_trim(torch.from_numpy(samples), num_frames * 160)
    mel = np.ascontiguousarray(whisper.audio.log_mel_spectrogram(padded, 80).T.numpy().astype(np.float16))
    silence = mel[-1, 0]
    used = len(mel)
    while used > 1 and (mel[used - 1] == silence).all():
        used -= 1
    return mel[:used], float(silence)


def greedy(decoder, audio):
    """Tokens of prompt and text, and the Float64 logits at each but the last."""
    tokens = list(PROMPT)
    while True:
        x = decoder.token_embedding(torch.tensor([tokens])) + decoder.positional_embedding[:len(tokens)]
        for block in decoder.blocks:
            x = block(x, audio, mask=decoder.mask)
        logits = (decoder.ln(x) @ decoder.token_embedding.weight.T)[0]
        if tokens[-1] == END or len(tokens) > decoder.positional_embedding.shape[0] - 1:
            return tokens, logits[len(PROMPT) - 1:-1]
        # Specials but the end of text are never sampled.
        allowed = logits[-1].clone()
        allowed[1:5] = -torch.inf
        tokens.append(int(allowed.argmax()))


def sampled(taps):
    tensors, generator = {}, np.random.default_rng(SEED)
    for tap, value in sorted(taps.items()):
        flat = value.detach().numpy().astype(np.float64).reshape(-1)
        shape = "x".join(map(str, value.shape))
        if f"places/{shape}" not in tensors:
            tensors[f"places/{shape}"] = np.sort(generator.integers(0, flat.size, NUM_SAMPLES))
        tensors[f"samples/{tap}"] = flat[tensors[f"places/{shape}"]]
        tensors[f"moments/{tap}"] = np.array(
            [flat.mean(), flat.std(), np.sqrt(np.sum(flat * flat)), flat.min(), flat.max()])
    return tensors


@torch.no_grad()
def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES / "goldens/encoder"
    folder.mkdir(parents=True, exist_ok=True)
    in_float64()
    models = {"spoken-digits": shipped(), "synthetic-tiny": synthetic_tiny()}
    versions = {name: importlib.metadata.version(name) for name in ("torch", "openai-whisper", "numpy")}
    for name, audio in CASES:
        model, taps = models[name], {}
        encoder = getattr(model, "encoder", model)
        frames = 2 * encoder.positional_embedding.shape[0]
        mel, silence = mel_of(audio, frames)
        whole = np.full((frames, mel.shape[1]), silence)
        whole[:len(mel)] = mel
        with observed(encoder, taps):
            output = encoder(torch.from_numpy(whole.T[None].copy()))
        tensors = sampled(taps) | {"mel": mel}
        metadata = dict(audio=audio, padding=repr(silence), frames=str(frames), **versions)
        if encoder is not model:
            tokens, logits = greedy(model.decoder, output)
            tensors["decoder.logits"] = logits.numpy()
            metadata["tokens"] = str(tokens)
            print(name, audio, tokens)
        save_file(tensors, folder / f"{name}-{audio}.safetensors", metadata)


if __name__ == "__main__":
    main()
