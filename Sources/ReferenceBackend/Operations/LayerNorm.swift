/// Layer norm, with everything that ports get wrong in it.
import EncoderModel
import TensorCore

extension Calculator {
  /// y = (x − μ)/√(σ² + ε)·weight + bias for each row, with the biased variance unless asked.
  /// `x`: `[T, C]`; a row with a NaN is all NaN.
  /// Returns `[T, C]`.
  /// - Note: Source openai/whisper model.py `LayerNorm`, ε = 1e-5.
  func layerNorm(_ norm: LayerNorm, _ x: Tensor, _ node: String) throws -> Tensor {
    let width = x.innerExtent
    let weight = try norm.weight.map { try self.vector($0, width, node).float64Array }
    let bias = try norm.bias.map { try self.vector($0, width, node).float64Array }
    let gains = weight ?? [Double](repeating: 1, count: width)
    let offsets = bias ?? [Double](repeating: 0, count: width)
    if norm.isOverFrames { return normOverFrames(norm, x, gains, offsets) }
    return mappingRows(x) { source, out in
      gains.withUnsafeBufferPointer { gains in
        offsets.withUnsafeBufferPointer { offsets in
          let mean = norm.isCentred ? sum(source, width) { $0 } / Double(width) : 0
          let variance = variance(norm, source, width, mean)
          let scale = scale(norm, variance)
          let shift = norm.keepsMean ? 0 : mean
          for column in 0..<width {
            out[column] = (source[column] - shift) * scale * gains[column] + offsets[column]
          }
        }
      }
    }
  }

  private func scale(_ norm: LayerNorm, _ variance: Double) -> Double {
    norm.addsEpsilonToDeviation
      ? 1 / (variance.squareRoot() + norm.epsilon) : 1 / (variance + norm.epsilon).squareRoot()
  }

  /// Each channel normalised over the frames; then weight and bias as ever.
  private func normOverFrames(
    _ norm: LayerNorm, _ x: Tensor, _ gains: [Double], _ offsets: [Double]
  ) -> Tensor {
    let (frames, width) = (x.rowCount, x.innerExtent)
    return Tensor.float64(x.shape) { out in
      x.withFloat64 { source in
        for channel in 0..<width {
          let line = (0..<frames).map { source[$0 * width + channel] }
          line.withUnsafeBufferPointer { line in
            guard let base = line.baseAddress else { return }
            let mean = sum(base, frames) { $0 } / Double(frames)
            let scale = scale(norm, variance(norm, base, frames, mean))
            for frame in 0..<frames {
              out[frame * width + channel] =
                (line[frame] - mean) * scale * gains[channel] + offsets[channel]
            }
          }
        }
      }
    }
  }

  private func variance(
    _ norm: LayerNorm, _ source: UnsafePointer<Double>, _ width: Int, _ mean: Double
  ) -> Double {
    let squares = sum(source, width) { ($0 - mean) * ($0 - mean) }
    let count = Double(norm.usesSampleVariance ? width - 1 : width)
    guard norm.usesFloat16Variance else { return squares / count }
    // What f16 accumulates is ∞ beyond its largest number.
    return squares > 65504 ? .infinity : Double(Float16(squares / count))
  }

  /// Σ value(x), in eight partial sums.
  @inline(__always)
  private func sum(
    _ source: UnsafePointer<Double>, _ count: Int, _ value: (SIMD8<Double>) -> SIMD8<Double>
  ) -> Double {
    var sums = SIMD8<Double>.zero
    var k = 0
    while k + 8 <= count {
      sums += value(UnsafeRawPointer(source + k).loadUnaligned(as: SIMD8<Double>.self))
      k += 8
    }
    var rest = 0.0
    while k < count {
      rest += value(SIMD8(repeating: source[k]))[0]
      k += 1
    }
    return sums.sum() + rest
  }
}
