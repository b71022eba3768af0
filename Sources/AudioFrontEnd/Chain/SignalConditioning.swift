/// Samples → the padded signal that is cut into frames, in Float64.

extension PCMOptions {
  /// Quantises, scales, normalises and emphasises, in this order.
  func conditioned(_ samples: ArraySlice<Float>) -> [Double] {
    var signal = samples.map(Double.init)
    if let bits = quantizedBits { quantize(&signal, bits: bits) }
    if gain != 1 { for n in signal.indices { signal[n] *= gain } }
    if removesMean, !signal.isEmpty {
      let mean = signal.reduce(0, +) / Double(signal.count)
      for n in signal.indices { signal[n] -= mean }
    }
    normalize(&signal)
    if preEmphasis != 0, !signal.isEmpty {
      var previous = signal[0]
      for n in signal.indices {
        let current = signal[n]
        signal[n] = current - preEmphasis * previous
        previous = current
      }
    }
    return signal
  }

  /// Rounds to signed integers of `bits` bits and saturates, as ffmpeg's conversion does.
  private func quantize(_ signal: inout [Double], bits: Int) {
    let full = Double(1 << (bits - 1))
    for n in signal.indices {
      signal[n] = min(max((signal[n] * full).rounded(.toNearestOrEven), -full), full - 1) / full
    }
  }

  private func normalize(_ signal: inout [Double]) {
    switch normalization {
    case .none: return
    case .peak:
      let peak = signal.reduce(0) { max($0, abs($1)) }
      guard peak > 0 else { return }
      for n in signal.indices { signal[n] /= peak }
    case .unitVariance:
      guard !signal.isEmpty else { return }
      let count = Double(signal.count)
      let mean = signal.reduce(0, +) / count
      let variance = signal.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      // Hugging Face's `zero_mean_unit_var_norm` guards the root with 1e-7.
      let deviation = (variance + 1e-7).squareRoot()
      for n in signal.indices { signal[n] = (signal[n] - mean) / deviation }
    }
  }
}

extension AudioPadding {
  /// The signal brought to `count` samples; unchanged where it is as long already.
  func padded(_ signal: [Double], to count: Int) -> [Double] {
    let missing = count - signal.count
    guard missing > 0 else { return signal }
    func zeros(_ n: Int) -> [Double] { [Double](repeating: 0, count: n) }
    switch self {
    case .none: return signal
    case .right: return signal + zeros(missing)
    case .left: return zeros(missing) + signal
    case .both: return zeros(missing / 2) + signal + zeros(missing - missing / 2)
    case .wrap:
      guard !signal.isEmpty else { return zeros(count) }
      return (0..<count).map { signal[$0 % signal.count] }
    }
  }
}
