#!/usr/bin/env python3
"""Dumps the Whisper encoder of Hugging Face transformers, every module's output under its own name.

usage: dump_transformers.py AUDIO|--mel FILE --model FOLDER -o DUMP.safetensors|.npz
                            [--attention eager|sdpa] [--dtype float32|float64|float16|bfloat16]
                            [--device cpu|cuda|mps] [--time N]

needs: transformers torch numpy safetensors (soundfile for audio)
Names are `named_modules()`'s, as they come: encoder-diff knows them. Values that no module makes
(embedding, attention's context, residuals) are caught before the module that reads them. Eager
attention's probabilities are added. `--time` prints the median time of N encodes without hooks.
"""
import argparse
import statistics
import time

import numpy as np
import torch
import transformers
from safetensors.numpy import load_file, save_file
from transformers import WhisperFeatureExtractor, WhisperModel

# Module whose input is wanted → what that input is called.
INPUTS = {
    "conv2": "gelu1", "layers.0": "embed", ".self_attn.out_proj": ".self_attn.context",
    ".final_layer_norm": ".attn_residual",
}


def read_mel(path, num_mels):
    """A mel from .npy, or the tensor `mel` of .npz or .safetensors; returned `[mels, frames]`."""
    data = load_file(path) if path.endswith(".safetensors") else np.load(path)
    mel = np.squeeze(data if isinstance(data, np.ndarray) else data["mel"]).astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(mel if mel.shape[0] == num_mels else mel.T))


def audio_mel(path, config):
    """Hugging Face's own features of the model's window."""
    import soundfile
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != 16000:
        raise SystemExit(f"{path}: {rate} Hz, 16000 is needed; resample it, or give a mel with --mel")
    # Its length counts seconds, which a window need not be.
    extractor = WhisperFeatureExtractor(feature_size=config.num_mel_bins)
    num_samples = 320 * config.max_source_positions
    samples = samples.mean(axis=1)[:num_samples]
    samples = np.pad(samples, (0, num_samples - len(samples)))
    features = extractor(samples, sampling_rate=16000, return_tensors="np", padding=False)
    return torch.from_numpy(features["input_features"][0])


class Recorder:
    """Hooks on an encoder's modules; `values` fills when it runs."""

    def __init__(self, encoder):
        self.values = {}
        for name, module in encoder.named_modules():
            if not name or name == "layers":
                continue
            module.register_forward_hook(self.output_hook(name))
            for suffix, wanted in INPUTS.items():
                if name == suffix or suffix.startswith(".") and name.endswith(suffix):
                    wanted = name[:-len(suffix)] + wanted if suffix.startswith(".") else wanted
                    # Keyword arguments count: newer versions pass hidden states by name.
                    module.register_forward_pre_hook(self.input_hook(wanted), with_kwargs=True)

    def put(self, name, value):
        if not isinstance(value, torch.Tensor):
            return
        value = value.detach().float() if value.dtype == torch.bfloat16 else value.detach()
        self.values[f"model.encoder.{name}"] = value.cpu().contiguous().numpy().copy()

    def output_hook(self, name):
        def hook(module, inputs, output):
            first = output[0] if isinstance(output, tuple) else output
            self.put(name, first)
            if name.endswith(".self_attn") and isinstance(output, tuple) and len(output) > 1:
                self.put(f"{name}.probs", output[1])
        return hook

    def input_hook(self, name):
        def hook(module, inputs, keywords):
            self.put(name, inputs[0] if inputs else keywords["hidden_states"])
        return hook


def median_ms(encode, count):
    """Median of `count` encodes in ms, after one that does not count."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        encode()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def main():
    parser = argparse.ArgumentParser(description="Dump the Whisper encoder of transformers.")
    parser.add_argument("audio", nargs="?")
    parser.add_argument("--mel", help=".npy, .npz or .safetensors instead of audio")
    parser.add_argument("--model", required=True, help="Hugging Face folder")
    parser.add_argument("-o", "--output", required=True, help=".npz or .safetensors")
    parser.add_argument("--attention", choices=["eager", "sdpa"], default="sdpa")
    parser.add_argument("--dtype", choices=["float32", "float64", "float16", "bfloat16"], default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="also time N encodes that nobody looks into")
    arguments = parser.parse_args()
    if bool(arguments.audio) == bool(arguments.mel):
        parser.error("give AUDIO or --mel")
    dtype = getattr(torch, arguments.dtype)
    model = WhisperModel.from_pretrained(
        arguments.model, attn_implementation=arguments.attention, dtype=dtype)
    encoder = model.encoder.eval().to(arguments.device)
    config = model.config
    mel = read_mel(arguments.mel, config.num_mel_bins) if arguments.mel else audio_mel(arguments.audio, config)
    with torch.no_grad():
        if arguments.time:
            features = mel[None].to(arguments.device, dtype)
            # On the host again: only then has a GPU finished.
            ms = median_ms(lambda: encoder(features).last_hidden_state.cpu(), arguments.time)
            print(f"encode: {ms:.3g} ms, median of {arguments.time}")
        recorder = Recorder(encoder)
        # Without gradients or generation, but with eager attention's maps.
        output = encoder(mel[None].to(arguments.device, dtype), output_attentions=arguments.attention == "eager")
    recorder.put("last_hidden_state", output.last_hidden_state)
    values = {"input_features": mel.numpy(), **recorder.values}
    if arguments.output.endswith(".safetensors"):
        save_file(values, arguments.output, metadata={
            "engine": f"transformers {transformers.__version__}, torch {torch.__version__}",
            "attention": arguments.attention, "dtype": arguments.dtype, "device": arguments.device})
    else:
        np.savez(arguments.output, **values)


if __name__ == "__main__":
    main()
