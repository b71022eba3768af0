"""One of OpenAI's Whisper modules as a Hugging Face folder: config, weights, vocabulary."""
import json
import re

from safetensors.torch import load_file, save_file
from whisper.model import ModelDimensions, Whisper

RENAMES = [
    (r"^(encoder|decoder)\.blocks\.", r"model.\1.layers."),
    (r"^(encoder|decoder)\.(?!layers)", r"model.\1."),
    (r"\.positional_embedding$", ".embed_positions.weight"),
    (r"\.token_embedding\.", ".embed_tokens."),
    (r"\.cross_attn_ln\.", ".encoder_attn_layer_norm."),
    (r"\.attn_ln\.", ".self_attn_layer_norm."),
    (r"\.mlp_ln\.", ".final_layer_norm."),
    (r"\.cross_attn\.", ".encoder_attn."),
    (r"\.attn\.", ".self_attn."),
    (r"\.query\.", ".q_proj."),
    (r"\.key\.", ".k_proj."),
    (r"\.value\.", ".v_proj."),
    (r"\.out\.", ".out_proj."),
    (r"\.mlp\.0\.", ".fc1."),
    (r"\.mlp\.2\.", ".fc2."),
    (r"\.(ln_post|ln)\.", ".layer_norm."),
]
NEVER_SAMPLED = ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]


def hugging_face_name(name):
    for pattern, replacement in RENAMES:
        name = re.sub(pattern, replacement, name)
    return name


def configuration(dimensions):
    d = dimensions
    return dict(
        architectures=["WhisperForConditionalGeneration"], model_type="whisper", activation_function="gelu",
        d_model=d.n_audio_state, num_mel_bins=d.n_mels, vocab_size=d.n_vocab,
        encoder_layers=d.n_audio_layer, encoder_attention_heads=d.n_audio_head, encoder_ffn_dim=4 * d.n_audio_state,
        decoder_layers=d.n_text_layer, decoder_attention_heads=d.n_text_head, decoder_ffn_dim=4 * d.n_text_state,
        max_source_positions=d.n_audio_ctx, max_target_positions=d.n_text_ctx, is_encoder_decoder=True,
        scale_embedding=False, tie_word_embeddings=True, torch_dtype="float32",
        bos_token_id=0, eos_token_id=0, pad_token_id=0, decoder_start_token_id=1)


def write_folder(folder, model, vocabulary):
    """`vocabulary` is the token strings in order; end of text comes first, start of transcript second."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {hugging_face_name(n): t.detach().float().contiguous() for n, t in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    ids = {token: i for i, token in enumerate(vocabulary)}
    generation = dict(
        bos_token_id=0, eos_token_id=0, pad_token_id=0, decoder_start_token_id=1, is_multilingual=True,
        lang_to_id={"<|en|>": ids["<|en|>"]}, task_to_id={"transcribe": ids["<|transcribe|>"]},
        no_timestamps_token_id=ids["<|notimestamps|>"], max_length=model.dims.n_text_ctx,
        suppress_tokens=[ids[token] for token in NEVER_SAMPLED])
    for name, value in [("config", configuration(model.dims)), ("generation_config", generation), ("vocab", ids)]:
        (folder / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n")


def read_folder(folder):
    """OpenAI's module with the weights of a folder that `write_folder` wrote."""
    d = json.loads((folder / "config.json").read_text())
    model = Whisper(ModelDimensions(
        n_mels=d["num_mel_bins"], n_audio_ctx=d["max_source_positions"], n_audio_state=d["d_model"],
        n_audio_head=d["encoder_attention_heads"], n_audio_layer=d["encoder_layers"], n_vocab=d["vocab_size"],
        n_text_ctx=d["max_target_positions"], n_text_state=d["d_model"], n_text_head=d["decoder_attention_heads"],
        n_text_layer=d["decoder_layers"]))
    weights = load_file(folder / "model.safetensors")
    model.load_state_dict({name: weights[hugging_face_name(name)] for name in model.state_dict()})
    return model
