import EncoderModel
package import TensorCore

/// What an isolated operation is given.
package enum IsolationInput: String, Sendable, CaseIterable {
  /// The reference's own values over the audio.
  case audio
  /// Uniform, with the standard deviation of the reference's values.
  case random
  /// A mean of a thousand standard deviations in every row.
  case largeMean = "large-mean"
  /// Rows that are constant but for a ten-thousandth.
  case tinyVariance = "tiny-variance"
  /// ±65504, the largest numbers of f16.
  case float16Extremes = "f16-extremes"
  /// Values below Float32's normal range.
  case denormals
  /// Zeros.
  case silence

  package var summary: String {
    switch self {
    case .audio: "the reference's values"
    case .random: "uniform, of the reference's standard deviation"
    case .largeMean: "mean of 1000 standard deviations"
    case .tinyVariance: "rows constant but for 1e-4"
    case .float16Extremes: "±65504"
    case .denormals: "below 1.2e-38"
    case .silence: "zeros"
    }
  }

  /// A value like `audio`, the reference's, in Float32.
  package func tensor(like audio: Tensor, seed: UInt64) -> Tensor {
    let values = audio.withFloat64 { Array($0) }
    let n = Double(max(values.count, 1))
    let mean = values.reduce(0, +) / n
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot()
    let scale = deviation > 0 && deviation.isFinite ? deviation : 1
    let width = max(audio.innerExtent, 1)
    func draw(_ i: Int) -> Double {
      2 * CounterHash.uniform(seed: seed, stream: 4, counter: UInt64(i)) - 1
    }
    return Tensor.float32(audio.shape) { out in
      for i in out.indices {
        switch self {
        case .audio: out[i] = Float(values[i])
        case .random: out[i] = Float(scale * 3.0.squareRoot() * draw(i))
        case .largeMean: out[i] = Float(scale * (1000 + draw(i)))
        case .tinyVariance: out[i] = Float(scale * (1 + draw(i / width) / 2 + 1e-4 * draw(i)))
        case .float16Extremes: out[i] = draw(i) < 0 ? -65504 : 65504
        case .denormals: out[i] = Float(draw(i)) * 0x1p-127
        case .silence: out[i] = 0
        }
      }
    }
  }
}
