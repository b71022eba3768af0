package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The position table `[frames, channels]` from `firstFrame` on, Float32, computed in Float64.
/// - Note: Source openai/whisper model.py `sinusoids`, max_timescale 10000.
package func sinusoidTable(
  frames: Int, channels: Int, variant: SinusoidVariant = .whisper, firstFrame: Int = 0
) -> Tensor {
  let half = channels / 2
  let divisor = variant == .halfWidthTimescale ? Double(half) : Double(max(half - 1, 1))
  let increment = log(10000) / divisor
  return Tensor.float32([frames, channels]) { target in
    target.update(repeating: 0)
    for frame in 0..<frames {
      for index in 0..<half {
        let angle = Double(firstFrame + frame) * exp(-increment * Double(index))
        let (first, second) =
          variant == .cosineFirst ? (cos(angle), sin(angle)) : (sin(angle), cos(angle))
        target[frame * channels + index] = Float(first)
        target[frame * channels + half + index] = Float(second)
      }
    }
  }
}
