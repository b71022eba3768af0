import EncoderModel
package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Judge {
  /// The mel that a candidate encoded: the one that is known, or, where candidates hide theirs, one
  /// that stands for it to the rounding of a Float32 front-end.
  func mel(_ known: Tensor) -> NodeValue {
    guard hidesMel else { return .known(known) }
    return .replayed(
      Replay(
        value: known,
        replicas: (0..<Replay.numReplicas).map {
          FrontEndNoise.added(to: known, seed: UInt64($0))
        },
        segment: [], roots: ["mel": known]))
  }
}

/// What a Float32 front-end's rounding does to a mel, drawn at random.
///
/// A transform spreads its rounding evenly over the bins of a frame, so that a power whose amplitude is
/// r of the frame's largest is off in proportion to u/r. Against Float64, openai-whisper's features of
/// speech have an error of rms u·(0.7 + 0.035/r), where r = 10^(−2·(max − value)), as a feature is a
/// quarter of the power's log₁₀. Drawn uniformly with four times that rms; no more than `MelBound`
/// allows at all. What lies on the clamp is off by u alone.
package enum FrontEndNoise {
  /// - Parameters:
  ///   - mel: `[frames, mels]`, as Whisper scales it.
  ///   - seed: what errors are drawn from.
  /// - Returns: the same in Float64, with errors.
  package static func added(to mel: Tensor, seed: UInt64) -> Tensor {
    let width = max(mel.innerExtent, 1)
    let key = CounterHash.key(seed: seed, stream: 12)
    return Tensor.float64(mel.shape) { target in
      mel.withFloat64 { values in
        let clamp = values.min() ?? 0
        for start in stride(from: 0, to: values.count, by: width) {
          let frame = values[start..<min(start + width, values.count)]
          let largest = frame.max() ?? 0
          for index in frame.indices {
            let value = frame[index]
            let size = amplitude(below: largest - value, isClamped: value <= clamp)
            let draw = 2 * CounterHash.uniform(key: key, counter: UInt64(index)) - 1
            target[index] = value + size * draw
          }
        }
      }
    }
  }

  /// The largest error that is drawn at a feature so far below its frame's largest: √3·4 times the rms.
  private static func amplitude(below distance: Double, isClamped: Bool) -> Double {
    let inverse = isClamped ? 0 : exp2(octavesPerUnit * distance)
    return min(0x1p-24 * (5 + 0.25 * inverse), MelBound.absolute)
  }

  /// log₂ of the amplitude for one unit of a feature: two decades.
  private static let octavesPerUnit = 2 * 3.321928094887362
}
