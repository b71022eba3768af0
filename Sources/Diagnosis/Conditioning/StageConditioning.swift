package import EncoderModel
package import TensorCore

/// How much each stage makes of rounding-size noise on its input.
package struct StageConditioning: Sendable {
  /// One stage's growth.
  package struct Entry: Sendable {
    package var stage: EncoderStage
    /// Largest growth over directions, at the stage's output.
    package var amplification: Double
    /// The tap within the stage where noise is largest in relation to the value.
    package var worstTap: String
    package var worstAmplification: Double
  }

  package var entries: [Entry]

  /// The stage that amplifies most.
  package var worst: Entry? { entries.max { $0.worstAmplification < $1.worstAmplification } }

  /// Relative size of the noise: large against Float64's rounding, small enough to act linearly.
  private static let noise = 0x1p-24

  /// Runs every stage in Float64 on the reference's own input and on inputs x(1 ± 2⁻²⁴).
  /// - Parameters:
  ///   - reference: a sound encoder in Float64.
  ///   - mel: `[frames, mels]`.
  ///   - numDirections: seeded perturbations a stage.
  /// - Throws: what the reference throws.
  package init(reference: any EncoderBackend, mel: Tensor, numDirections: Int = 3) throws {
    let program = reference.program
    let observed = Set(TapSelection.operations.names(in: program))
    var entries: [Entry] = []
    var input = mel.converted(to: .float64)
    for stage in program.stages {
      var exact: [String: Tensor] = [:]
      let output = try reference.run(stage, input: input, observing: observed) { exact[$0] = $1 }
      var growth: [String: Double] = [:]
      for direction in 0..<numDirections {
        let noisy = Self.perturbed(input, seed: UInt64(direction))
        _ = try reference.run(stage, input: noisy, observing: observed) { tap, value in
          guard let sound = exact[tap] else { return }
          growth[tap] = max(growth[tap] ?? 0, Self.relativeError(value, sound) / Self.noise)
        }
      }
      let worst = growth.max { ($0.value, $1.key) < ($1.value, $0.key) }
      entries.append(
        Entry(
          stage: stage, amplification: growth[stage.outputTap] ?? 0,
          worstTap: worst?.key ?? stage.outputTap, worstAmplification: worst?.value ?? 0))
      input = output
    }
    self.entries = entries
  }

  private static func relativeError(_ value: Tensor, _ sound: Tensor) -> Double {
    let error = difference(value, sound)
    let norm = inner(sound, sound)
    return norm > 0 ? (inner(error, error) / norm).squareRoot() : 0
  }

  private static func perturbed(_ x: Tensor, seed: UInt64) -> Tensor {
    x.withFloat64 { values in
      Tensor.float64(x.shape) { out in
        for i in out.indices {
          let draw = CounterHash.uniform(seed: seed, stream: 2, counter: UInt64(i))
          out[i] = values[i] * (draw < 0.5 ? 1 + noise : 1 - noise)
        }
      }
    }
  }
}
