/// Names and shapes of every weight that a Whisper model of given sizes has.
extension WhisperDimensions {
  /// The encoder's weights, in the checkpoint's order; shapes in PyTorch's layout.
  /// - Note: Source openai/whisper model.py `AudioEncoder`.
  package var encoderWeightShapes: [(name: String, shape: [Int])] {
    let width = audioWidth
    var result: [(name: String, shape: [Int])] = [
      ("encoder.positional_embedding", [numAudioContext, width]),
      ("encoder.conv1.weight", [width, numMels, 3]), ("encoder.conv1.bias", [width]),
      ("encoder.conv2.weight", [width, width, 3]), ("encoder.conv2.bias", [width]),
    ]
    for index in 0..<numAudioLayers {
      result += blockWeightShapes("encoder.blocks.\(index)", width: width, hasCrossAttention: false)
    }
    return result + [("encoder.ln_post.weight", [width]), ("encoder.ln_post.bias", [width])]
  }

  /// The decoder's weights; empty where there is none.
  /// - Note: Source openai/whisper model.py `TextDecoder`.
  package var decoderWeightShapes: [(name: String, shape: [Int])] {
    guard let text else { return [] }
    let width = text.textWidth
    var result: [(name: String, shape: [Int])] = [
      ("decoder.token_embedding.weight", [text.numVocabulary, width]),
      ("decoder.positional_embedding", [text.numTextContext, width]),
    ]
    for index in 0..<text.numTextLayers {
      result += blockWeightShapes("decoder.blocks.\(index)", width: width, hasCrossAttention: true)
    }
    return result + [("decoder.ln.weight", [width]), ("decoder.ln.bias", [width])]
  }
}

/// The weights of one residual block; Whisper's keys have no bias.
private func blockWeightShapes(
  _ path: String, width: Int, hasCrossAttention: Bool
) -> [(name: String, shape: [Int])] {
  var result: [(name: String, shape: [Int])] = []
  func attention(_ name: String) {
    result += [
      ("\(path).\(name)_ln.weight", [width]), ("\(path).\(name)_ln.bias", [width]),
      ("\(path).\(name).query.weight", [width, width]), ("\(path).\(name).query.bias", [width]),
      ("\(path).\(name).key.weight", [width, width]),
      ("\(path).\(name).value.weight", [width, width]), ("\(path).\(name).value.bias", [width]),
      ("\(path).\(name).out.weight", [width, width]), ("\(path).\(name).out.bias", [width]),
    ]
  }
  attention("attn")
  if hasCrossAttention { attention("cross_attn") }
  return result + [
    ("\(path).mlp_ln.weight", [width]), ("\(path).mlp_ln.bias", [width]),
    ("\(path).mlp.0.weight", [4 * width, width]), ("\(path).mlp.0.bias", [4 * width]),
    ("\(path).mlp.2.weight", [width, 4 * width]), ("\(path).mlp.2.bias", [width]),
  ]
}
