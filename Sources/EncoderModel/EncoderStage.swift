/// A piece of the encoder that runs at once; comparisons hold one stage of each backend in memory.
package enum EncoderStage: Sendable, Hashable, CustomStringConvertible {
  /// Both convolutions, their GELUs and the position: mel → `encoder.embed`.
  case stem
  /// Residual block `index`, from zero.
  case block(Int)
  /// The final layer norm.
  case lnPost

  /// The stages of an encoder with `numLayers` blocks, in order.
  package static func all(numLayers: Int) -> [EncoderStage] {
    [.stem] + (0..<numLayers).map { .block($0) } + [.lnPost]
  }

  /// The tap that leaves this stage.
  package var outputTap: String {
    switch self {
    case .stem: "encoder.embed"
    case .block(let index): "encoder.blocks.\(index)"
    case .lnPost: "encoder.ln_post"
    }
  }

  package var description: String {
    switch self {
    case .stem: "stem"
    case .block(let index): "block \(index)"
    case .lnPost: "ln_post"
    }
  }
}
