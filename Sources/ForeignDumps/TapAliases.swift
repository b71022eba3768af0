/// What other implementations call the taps: Hugging Face, whisper.cpp, MAX, and habits of people.

/// Paths that lead to a block; the block's number follows.
let blockPrefixes = [
  "encoder.blocks", "encoder.layers", "encoder.layer", "encoder.block", "enc.blk", "blocks",
  "layers", "layer", "block", "blk", "enc.layers", "enc.blocks", "encoder.h",
]

/// Name inside a block → tap inside a block.
let blockAliases: [(alias: String, tap: String)] = [
  ("attn_ln", "attn_ln"), ("self_attn_layer_norm", "attn_ln"), ("ln1", "attn_ln"),
  ("ln_1", "attn_ln"), ("norm1", "attn_ln"), ("attention_norm", "attn_ln"),
  ("attn.query", "attn.query"), ("self_attn.q_proj", "attn.query"), ("attn.q", "attn.query"),
  ("attn.q_proj", "attn.query"), ("self_attn.query", "attn.query"), ("q", "attn.query"),
  ("qcur", "attn.query"), ("attn.key", "attn.key"), ("self_attn.k_proj", "attn.key"),
  ("attn.k", "attn.key"), ("attn.k_proj", "attn.key"), ("self_attn.key", "attn.key"),
  ("k", "attn.key"), ("kcur", "attn.key"), ("attn.value", "attn.value"),
  ("self_attn.v_proj", "attn.value"), ("attn.v", "attn.value"), ("attn.v_proj", "attn.value"),
  ("self_attn.value", "attn.value"), ("v", "attn.value"), ("vcur", "attn.value"),
  ("attn.scores", "attn.scores"), ("self_attn.scores", "attn.scores"), ("attn.qk", "attn.scores"),
  ("attn.kq", "attn.scores"), ("kq", "attn.scores"), ("kq_scaled", "attn.scores"),
  ("attn.probs", "attn.probs"), ("self_attn.probs", "attn.probs"), ("attn.softmax", "attn.probs"),
  ("attn.weights", "attn.probs"), ("self_attn.attn_weights", "attn.probs"),
  ("kq_soft_max", "attn.probs"), ("attn.context", "attn.context"),
  ("self_attn.context", "attn.context"), ("attn.kqv", "attn.context"), ("kqv", "attn.context"),
  ("kqv_merged", "attn.context"), ("kqv_out", "attn.context"), ("attn.wv", "attn.context"),
  ("attn.out", "attn.out"), ("self_attn.out_proj", "attn.out"), ("attn.out_proj", "attn.out"),
  ("attn.o_proj", "attn.out"), ("self_attn.out", "attn.out"), ("attn", "attn.out"),
  ("self_attn", "attn.out"), ("attn_residual", "attn_residual"), ("attn_add", "attn_residual"),
  ("residual1", "attn_residual"), ("post_attn", "attn_residual"), ("mlp_ln", "mlp_ln"),
  ("final_layer_norm", "mlp_ln"), ("ln2", "mlp_ln"), ("ln_2", "mlp_ln"), ("norm2", "mlp_ln"),
  ("mlp.0", "mlp.0"), ("fc1", "mlp.0"), ("mlp.fc1", "mlp.0"), ("mlp1", "mlp.0"),
  ("mlp.1", "mlp.1"), ("activation_fn", "mlp.1"), ("mlp.act", "mlp.1"), ("mlp.gelu", "mlp.1"),
  ("gelu", "mlp.1"), ("act", "mlp.1"), ("mlp.2", "mlp.2"), ("fc2", "mlp.2"),
  ("mlp.fc2", "mlp.2"), ("mlp2", "mlp.2"), ("mlp", "mlp.2"),
]

/// Projections that make query, key and value at once.
let fusedAliases = [
  "attn.qkv", "attn.qkv_proj", "self_attn.qkv", "self_attn.qkv_proj", "attn.in_proj",
  "self_attn.in_proj", "attn.c_attn", "qkv", "attn.to_qkv",
]

/// Names outside blocks.
let stemAliases: [(alias: String, tap: String)] = [
  ("mel", "mel"), ("log_mel", "mel"), ("input_features", "mel"), ("conv1", "encoder.conv1"),
  ("conv2", "encoder.conv2"), ("gelu1", "encoder.gelu1"), ("conv1_gelu", "encoder.gelu1"),
  ("conv1.gelu", "encoder.gelu1"), ("gelu2", "encoder.gelu2"), ("conv2_gelu", "encoder.gelu2"),
  ("conv2.gelu", "encoder.gelu2"), ("embd_conv", "encoder.gelu2"), ("embed", "encoder.embed"),
  ("embeddings", "encoder.embed"), ("pos_added", "encoder.embed"), ("ln_post", "encoder.ln_post"),
  ("layer_norm", "encoder.ln_post"), ("embd_enc", "encoder.ln_post"),
  ("ln_f", "encoder.ln_post"),
]

/// Names that any model's output may have.
let outputAliases: [(alias: String, tap: String)] = [
  ("encoder_output", "encoder.ln_post"), ("encoder_outputs", "encoder.ln_post"),
  ("encoder_last_hidden_state", "encoder.ln_post"), ("last_hidden_state", "encoder.ln_post"),
  ("encoder", "encoder.ln_post"), ("output", "encoder.ln_post"), ("out", "encoder.ln_post"),
  ("audio_features", "encoder.ln_post"), ("xa", "encoder.ln_post"), ("input", "mel"),
]
