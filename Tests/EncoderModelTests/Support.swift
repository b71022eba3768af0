/// Small checkpoints written by the tests, in any naming and element type.
import EncoderModel
import Foundation
import TensorCore
import TensorIO

/// A folder that goes away with the value's last reference.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "encoder-model-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }
}

/// Sizes small enough to write in a test; encoder and decoder differ in layers and heads.
let smallDimensions = WhisperDimensions(
  numMels: 6, numAudioContext: 10, audioWidth: 128, numAudioHeads: 2, numAudioLayers: 2,
  text: TextDimensions(
    numVocabulary: 9, numTextContext: 5, textWidth: 128, numTextHeads: 2, numTextLayers: 1))

/// Weights of `dimensions` by OpenAI name, each element exact in f16 and bf16.
func smallWeights(_ dimensions: WhisperDimensions = smallDimensions) -> [String: Tensor] {
  var weights: [String: Tensor] = [:]
  for (name, shape) in dimensions.encoderWeightShapes + dimensions.decoderWeightShapes {
    let key = CounterHash.key(seed: 3, stream: fnv1a(name.utf8))
    weights[name] = Tensor.float32(shape) { target in
      for index in target.indices {
        // Multiples of 2⁻⁷ below one: seven significant bits.
        let bits = CounterHash.bits(seed: key, stream: 0, counter: UInt64(index))
        target[index] = Float(Int(bits & 127) - 64) * 0x1p-7
      }
    }
  }
  return weights
}

/// What Hugging Face calls an OpenAI weight, `model.` in front.
func huggingFaceName(_ name: String) -> String {
  var parts = name.split(separator: ".").map(String.init)
  let side = parts.removeFirst()
  var rest = parts.joined(separator: ".")
  for (ours, theirs) in [
    ("blocks.", "layers."), ("cross_attn_ln", "encoder_attn_layer_norm"),
    ("cross_attn.", "encoder_attn."), ("mlp_ln", "final_layer_norm"), ("mlp.0", "fc1"),
    ("mlp.2", "fc2"), (".query.", ".q_proj."), (".key.", ".k_proj."), (".value.", ".v_proj."),
    (".out.", ".out_proj."), ("token_embedding", "embed_tokens"), ("ln_post", "layer_norm"),
  ] {
    rest = rest.replacingOccurrences(of: ours, with: theirs)
  }
  rest = rest.replacingOccurrences(of: ".attn_ln", with: ".self_attn_layer_norm")
    .replacingOccurrences(of: ".attn.", with: ".self_attn.")
  if rest == "positional_embedding" { rest = "embed_positions.weight" }
  if side == "decoder", rest.hasPrefix("ln.") { rest = "layer_norm." + rest.dropFirst(3) }
  return "model.\(side).\(rest)"
}

/// Writes a safetensors file of `weights` under the names that `rename` gives.
func writeSafetensors(
  _ path: String, _ weights: [String: Tensor], as type: ScalarType = .float32,
  metadata: [String: String] = [:], rename: (String) -> String = { $0 }
) throws {
  let writer = try SafetensorsWriter(path)
  writer.metadata = metadata
  for name in weights.keys.sorted() {
    guard let tensor = weights[name] else { continue }
    try writer.write(
      tensor.scalarType.isFloatingPoint ? tensor.converted(to: type) : tensor,
      named: rename(name))
  }
  try writer.finish()
}

/// A Hugging Face config.json of `dimensions`.
func configText(_ dimensions: WhisperDimensions = smallDimensions, extra: String = "") -> String {
  let text = dimensions.text
  return """
    {"activation_function": "gelu", "d_model": \(dimensions.audioWidth),
     "encoder_attention_heads": \(dimensions.numAudioHeads),
     "encoder_ffn_dim": \(dimensions.feedForwardWidth), \(extra)
     "encoder_layers": \(dimensions.numAudioLayers), "num_mel_bins": \(dimensions.numMels),
     "max_source_positions": \(dimensions.numAudioContext),
     "decoder_layers": \(text?.numTextLayers ?? 0),
     "decoder_attention_heads": \(text?.numTextHeads ?? 0),
     "max_target_positions": \(text?.numTextContext ?? 0),
     "vocab_size": \(text?.numVocabulary ?? 0)}
    """
}

/// Whether two tensors have the same shape and bits.
func areEqual(_ left: Tensor, _ right: Tensor) -> Bool {
  left.shape == right.shape && left.scalarType == right.scalarType
    && left.withUnsafeBytes { a in right.withUnsafeBytes { b in a.elementsEqual(b) } }
}
