/// OpenAI's names for weights and modules, whatever a checkpoint or a dump calls them.

/// The OpenAI name of a weight, or `nil` where no part of `name` is a Whisper module.
///
/// Understands OpenAI's and Hugging Face's names, both with wrappers in front (`model.`,
/// `module.`, …), and encoders exported on their own (`conv1.weight`, `e.blocks.0.…`). An untied
/// output projection is called `proj_out.weight`.
package func canonicalWeightName(_ name: String) -> String? {
  guard let path = canonicalModulePath(name) else { return nil }
  return path.hasSuffix(".positional_embedding.weight") ? String(path.dropLast(7)) : path
}

/// The OpenAI path of a module, from its OpenAI or Hugging Face path; `nil` where it is neither.
///
/// Hugging Face's block `final_layer_norm` is `mlp_ln`, its encoder's `layer_norm` is `ln_post`.
package func canonicalModulePath(_ name: String) -> String? {
  let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  guard let start = parts.firstIndex(where: { rootModules.contains($0) }) else { return nil }
  let root = parts[start]
  if root == "proj_out" { return parts[start...].joined(separator: ".") }
  let isRooted = root == "encoder" || root == "decoder"
  // Without `encoder.` one wrapper may stand in front; more are somebody else's modules.
  guard isRooted || start <= 1 else { return nil }
  let side = isRooted ? root : "encoder"
  var rest = Array(parts[(isRooted ? start + 1 : start)...])
  // `model.encoder.module.blocks…`: wrappers inside.
  while let first = rest.first, wrappers.contains(first) { rest.removeFirst() }
  guard !rest.isEmpty else { return nil }
  let translated = rest.enumerated().map { index, part in
    if part == "layer_norm" && index == 0 { return side == "encoder" ? "ln_post" : "ln" }
    return openAIModules[part] ?? part
  }
  return ([side] + translated).joined(separator: ".")
}

/// Modules that a Whisper path starts with.
private let rootModules: Set<String> = [
  "encoder", "decoder", "proj_out", "conv1", "conv2", "blocks", "ln_post", "positional_embedding",
  "layers", "layer_norm", "embed_positions",
]

private let wrappers: Set<String> = ["module", "_orig_mod", "_fsdp_wrapped_module", "base_layer"]

/// Hugging Face's module names (and MLX's `mlp1`, `mlp2`) → OpenAI's.
private let openAIModules: [String: String] = [
  "layers": "blocks", "self_attn": "attn", "encoder_attn": "cross_attn", "q_proj": "query",
  "k_proj": "key", "v_proj": "value", "out_proj": "out", "self_attn_layer_norm": "attn_ln",
  "encoder_attn_layer_norm": "cross_attn_ln", "final_layer_norm": "mlp_ln", "fc1": "mlp.0",
  "fc2": "mlp.2", "mlp1": "mlp.0", "mlp2": "mlp.2", "embed_positions": "positional_embedding",
  "embed_tokens": "token_embedding", "_positional_embedding": "positional_embedding",
]
