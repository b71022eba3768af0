/// Faults with a quantity that no list holds: what a search fits to a foreign mel.

extension FrontEndFault {
  /// Samples multiplied by `gain`.
  package static func gain(_ gain: Double) -> FrontEndFault {
    FrontEndFault(
      "pcm-gain", value: number(gain), ids: [21], at: .pcm,
      "samples are multiplied by \(number(gain))", remedy: "take samples as they are, in [-1, 1)"
    ) { $0.pcm.gain *= gain }
  }

  package static func preEmphasis(_ factor: Double) -> FrontEndFault {
    FrontEndFault(
      "pcm-pre-emphasis", value: number(factor), at: .pcm,
      "pre-emphasis of \(number(factor)) is applied",
      remedy: "leave pre-emphasis out: it belongs to Kaldi's and HTK's features"
    ) { $0.pcm.preEmphasis = factor }
  }

  /// Frames that lie `samples` later than they should.
  package static func frameShift(_ samples: Int) -> FrontEndFault {
    FrontEndFault(
      "mel-frames-shifted", value: "\(samples)", ids: [16], at: .stft,
      "frames lie \(samples) samples later", remedy: "centre frame f on sample 160 f"
    ) { $0.spectrum.frameShiftSamples += samples }
  }

  package static func hop(_ samples: Int) -> FrontEndFault {
    FrontEndFault(
      "mel-hop", value: "\(samples)", ids: [1], at: .stft, "hop of \(samples) samples",
      remedy: "set hop_length=160"
    ) { $0.spectrum.hopLength = samples }
  }

  /// Window and transform of the same length.
  package static func fourier(_ samples: Int) -> FrontEndFault {
    FrontEndFault(
      "mel-fft", value: "\(samples)", ids: [1], at: .stft, "window and FFT of \(samples) samples",
      remedy: "set n_fft=400"
    ) {
      $0.spectrum.fftLength = samples
      $0.spectrum.windowLength = samples
    }
  }

  package static func fftLength(_ samples: Int) -> FrontEndFault {
    FrontEndFault(
      "mel-fft-length", value: "\(samples)", at: .stft,
      "FFT of \(samples) samples, with a filterbank for it", remedy: "use n_fft=400"
    ) { $0.spectrum.fftLength = samples }
  }

  package static func windowLength(_ samples: Int) -> FrontEndFault {
    FrontEndFault(
      "mel-window-length", value: "\(samples)", at: .stft, "window of \(samples) samples",
      remedy: "use win_length=400 (25 ms)"
    ) { $0.spectrum.windowLength = samples }
  }

  package static func minimumHz(_ hertz: Double) -> FrontEndFault {
    FrontEndFault(
      "mel-min", value: number(hertz), at: .melPower, "bands start at \(number(hertz)) Hz",
      remedy: "let the bands start at 0 Hz: fmin=0"
    ) { $0.filterbank.minimumHz = hertz }
  }

  package static func maximumHz(_ hertz: Double) -> FrontEndFault {
    FrontEndFault(
      "mel-max", value: number(hertz), at: .melPower, "bands end at \(number(hertz)) Hz",
      remedy: "let the bands end at 8000 Hz: fmax=8000"
    ) { $0.filterbank.maximumHz = hertz }
  }

  package static func numMels(_ count: Int) -> FrontEndFault {
    FrontEndFault(
      "mel-bands", value: "\(count)", ids: [24], at: .melPower, "\(count) bands",
      remedy: "compute as many bands as the model's num_mel_bins"
    ) { $0.filterbank.numMels = count }
  }

  /// Another floor of the logarithm, clamped to or added.
  package static func floor(_ floor: Double, isAdded: Bool = false) -> FrontEndFault {
    FrontEndFault(
      isAdded ? "mel-floor-added" : "mel-floor", value: number(floor), at: .logMel,
      isAdded
        ? "log(x + \(number(floor))) instead of log(max(x, 1e-10))"
        : "the logarithm's floor is \(number(floor)) instead of 1e-10",
      remedy: "clamp the bands to 1e-10"
    ) {
      $0.log.floor = floor
      $0.log.floorKind = isAdded ? .add : .clamp
    }
  }

  /// Short audio's features filled up with a number.
  package static func fill(_ value: Double) -> FrontEndFault {
    FrontEndFault(
      "mel-padded-with", value: number(value), ids: [5, 11], at: .pcm,
      "the features of short audio are padded with \(number(value)) instead of the audio",
      remedy: "pad the samples with zeros to the whole context, then compute the mel"
    ) {
      $0.spectrum.padding = .none
      $0.layout.fill = value
    }
  }

  /// Another range below the maximum, in units of the logarithm.
  package static func range(_ units: Double) -> FrontEndFault {
    FrontEndFault(
      "mel-range", value: number(units), ids: [4], at: .mel,
      "clamped to the maximum - \(number(units)) instead of - 8", remedy: "clamp to max - 8"
    ) { $0.log.dynamicRange = units }
  }

  /// (x + offset)/divisor instead of (x + 4)/4.
  package static func scaling(offset: Double, divisor: Double) -> FrontEndFault {
    FrontEndFault(
      "mel-scaling", value: "(x+\(number(offset)))/\(number(divisor))", ids: [4], at: .mel,
      "scaled by (x + \(number(offset)))/\(number(divisor)) instead of (x + 4)/4",
      remedy: "add 4 and divide by 4"
    ) {
      $0.log.offset = offset
      $0.log.divisor = divisor
    }
  }

  /// librosa's `power_to_db` with another `top_db`; `nil` for none.
  package static func powerToDecibels(range: Double?, isRelative: Bool) -> FrontEndFault {
    let top = range.map(number) ?? "None"
    return FrontEndFault(
      isRelative ? "mel-power-to-db" : "mel-power-to-db-ref-1", value: top, ids: [1], at: .logMel,
      "power_to_db(ref=\(isRelative ? "max" : "1.0"), top_db=\(top))",
      remedy: "use log10, clamp to max - 8 and scale by (x + 4)/4"
    ) {
      FrontEndFaults.decibels(&$0, relativeToMaximum: isRelative)
      $0.log.dynamicRange = range
    }
  }

  /// A number as people write it: whole where it is whole, at most five significant digits.
  static func number(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e6 { return "\(Int(value))" }
    // Beyond these the scale below would overflow.
    guard (1e-200...1e200).contains(abs(value)) else { return "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 1e4 { scale *= 10 }
    while abs(value) * scale >= 1e5 { scale /= 10 }
    let rounded = (value * scale).rounded() / scale
    return "\(rounded)".replacing("e-0", with: "e-")
  }
}
