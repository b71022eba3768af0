/// Waveform → the samples that a port reads as 16 kHz mono.

/// The step that mixes channels and changes the rate, over the whole file.
struct SignalSource: Hashable {
  let channels: ChannelMix
  let rateHz: Int
  let resampler: ResamplerKind

  init(_ options: PCMOptions) {
    channels = options.channels
    rateHz = options.rateHz
    resampler = options.resampler
  }

  /// Samples at `rateHz`. Starts from what the file held, where that was kept; without it, from
  /// the decoded waveform as if it had been the file.
  func samples(of waveform: Waveform) throws(AudioError) -> [Float] {
    if self == SignalSource(PCMOptions()) { return waveform.samples }
    guard let native = waveform.native else {
      return try resampled(waveform.samples, fromHz: waveform.sampleRateHz)
    }
    let mono = channels.mixed(native.interleaved[...], numChannels: native.numChannels)
    return try resampled(mono, fromHz: native.sampleRateHz)
  }

  private func resampled(_ samples: [Float], fromHz: Int) throws(AudioError) -> [Float] {
    guard fromHz != rateHz, !samples.isEmpty else { return samples }
    switch resampler {
    case .soxrVeryHigh, .soxrHigh:
      let stream = try StreamResampler(
        fromHz: fromHz, toHz: rateHz, quality: resampler == .soxrHigh ? .high : .veryHigh)
      var output: [Float] = []
      try stream.process(samples, appendingTo: &output)
      try stream.finish(appendingTo: &output)
      return output
    case .linear, .nearest:
      return interpolated(samples, fromHz: fromHz)
    }
  }

  /// Output sample n lies at n·from/to; the last sample is held beyond the end.
  private func interpolated(_ samples: [Float], fromHz: Int) -> [Float] {
    let count = Int((Double(samples.count) * Double(rateHz) / Double(fromHz)).rounded(.down))
    return (0..<count).map { n in
      let position = Double(n) * Double(fromHz) / Double(rateHz)
      let index = min(Int(position), samples.count - 1)
      guard resampler == .linear else { return samples[index] }
      let next = samples[min(index + 1, samples.count - 1)]
      let fraction = position - Double(index)
      return Float(Double(samples[index]) * (1 - fraction) + Double(next) * fraction)
    }
  }
}
