#!/usr/bin/env python3
"""Writes Fixtures/models/small: one untrained Whisper of a few KB in every checkpoint format.

usage: checkpoint_fixtures.py [FOLDER]      needs torch, openai-whisper, transformers, onnx, safetensors
The .pt is OpenAI's own layout, the ONNX file torch's own export (TorchScript exporter, opset 17), the
Hugging Face folder transformers' own; the ggml file follows whisper.cpp's convert-pt-to-ggml.py.
"""
import dataclasses
import os
import struct
import sys

import torch
import whisper
from safetensors.torch import save_file
from transformers import WhisperConfig, WhisperForConditionalGeneration
from whisper.model import ModelDimensions, Whisper

DIMS = ModelDimensions(
    n_mels=4, n_audio_ctx=6, n_audio_state=8, n_audio_head=2, n_audio_layer=2,
    n_vocab=7, n_text_ctx=5, n_text_state=8, n_text_head=2, n_text_layer=1)
TOKENS = [b"a", b"b", b"\xc3\xa4", b" c", b"<|end|>", b"\xff", b""]


def small_model():
    torch.manual_seed(5)
    model = Whisper(DIMS)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Exact in f16 and bf16, so that every file holds the same values.
            parameter.copy_((torch.randn_like(parameter) * 64).round() / 128)
        model.encoder.positional_embedding.copy_(model.encoder.positional_embedding.bfloat16())
    return model.eval()


def write_ggml(path, model, filters):
    with open(path, "wb") as file:
        d = DIMS
        file.write(struct.pack("<12i", 0x67676D6C, d.n_vocab, d.n_audio_ctx, d.n_audio_state,
                               d.n_audio_head, d.n_audio_layer, d.n_text_ctx, d.n_text_state,
                               d.n_text_head, d.n_text_layer, d.n_mels, 1))
        file.write(struct.pack("<2i", *filters.shape) + filters.numpy().tobytes())
        file.write(struct.pack("<i", len(TOKENS)))
        for token in TOKENS:
            file.write(struct.pack("<i", len(token)) + token)
        for name, tensor in model.state_dict().items():
            data = tensor.detach().float()
            if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
                data = data.reshape(-1, 1)  # as the converter does, for broadcasting
            half = data.dim() > 1 and "bias" not in name and "positional" not in name
            array = (data.half() if half else data).numpy()
            file.write(struct.pack("<3i", array.ndim, len(name), int(half)))
            file.write(struct.pack(f"<{array.ndim}i", *reversed(array.shape)))
            file.write(name.encode() + array.tobytes())


def write_hugging_face(path, model):
    config = WhisperConfig(
        vocab_size=7, num_mel_bins=4, encoder_layers=2, encoder_attention_heads=2,
        decoder_layers=1, decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        d_model=8, max_source_positions=6, max_target_positions=5, pad_token_id=0,
        bos_token_id=0, eos_token_id=0, decoder_start_token_id=1, suppress_tokens=None,
        begin_suppress_tokens=None)
    theirs = WhisperForConditionalGeneration(config)
    renames = [
        ("blocks.", "layers."), ("cross_attn_ln", "encoder_attn_layer_norm"),
        ("cross_attn.", "encoder_attn."), (".attn_ln", ".self_attn_layer_norm"),
        (".attn.", ".self_attn."), ("mlp_ln", "final_layer_norm"), ("mlp.0", "fc1"),
        ("mlp.2", "fc2"), (".query.", ".q_proj."), (".key.", ".k_proj."), (".value.", ".v_proj."),
        (".out.", ".out_proj."), ("token_embedding", "embed_tokens"), ("ln_post", "layer_norm"),
        ("decoder.ln.", "decoder.layer_norm."), ("positional_embedding", "embed_positions.weight")]
    state = {}
    for name, tensor in model.state_dict().items():
        for ours, other in renames:
            name = name.replace(ours, other)
        state["model." + name] = tensor
    state["proj_out.weight"] = state["model.decoder.embed_tokens.weight"]
    theirs.load_state_dict(state)
    theirs.bfloat16().save_pretrained(path, max_shard_size="6KB")


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "Fixtures/models/small"
    os.makedirs(folder, exist_ok=True)
    model = small_model()
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, f"{folder}/openai.safetensors", {"n_audio_head": "2", "n_text_head": "2"})
    torch.save({"dims": dataclasses.asdict(DIMS), "model_state_dict": state}, f"{folder}/openai.pt")
    write_ggml(f"{folder}/ggml-f16.bin", model, torch.arange(12.0).reshape(4, 3))
    write_hugging_face(f"{folder}/huggingface-bf16-sharded", model)
    whisper.model.MultiHeadAttention.use_sdpa = False
    torch.onnx.export(
        model.encoder, (torch.zeros(1, 4, 12),), f"{folder}/encoder.onnx", dynamo=False,
        opset_version=17, input_names=["mel"], output_names=["output"])


if __name__ == "__main__":
    main()
