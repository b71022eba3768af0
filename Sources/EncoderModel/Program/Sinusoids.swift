package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The position table `[frames, channels]` from `firstFrame` on, Float32, computed in Float64.
/// - Note: Source openai/whisper model.py `sinusoids`, max_timescale 10000.
package func sinusoidTable(
  frames: Int, channels: Int, variant: SinusoidVariant = .whisper, firstFrame: Int = 0,
  base: Double = 10000
) -> Tensor {
  let half = channels / 2
  let divisor = variant == .halfWidthTimescale ? Double(half) : Double(max(half - 1, 1))
  let increment = log(base) / divisor
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

/// The same as a model in half precision computes it: frame numbers, rates, their products, sines and cosines
/// are each rounded to `format`.
package func sinusoidTable(frames: Int, channels: Int, in format: NumberFormat) -> Tensor {
  let half = channels / 2
  func rounded(_ values: [Double]) -> [Float] {
    var result = values.map(Float.init)
    result.withUnsafeMutableBufferPointer { format.round(row: $0) }
    return result
  }
  let increment = log(10000) / Double(max(half - 1, 1))
  let rates = rounded((0..<half).map { exp(-increment * Double($0)) })
  let times = rounded((0..<frames).map(Double.init))
  return Tensor.float32([frames, channels]) { target in
    target.update(repeating: 0)
    for frame in 0..<frames {
      let angles = rounded(rates.map { Double($0 * times[frame]) })
      let values = rounded(angles.map { sin(Double($0)) } + angles.map { cos(Double($0)) })
      for (index, value) in values.enumerated() { target[frame * channels + index] = value }
    }
  }
}
