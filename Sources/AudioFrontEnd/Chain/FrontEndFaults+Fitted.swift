/// Faults with a quantity that no list holds: what a search fits to a foreign mel.

extension FrontEndFault {
  /// Samples multiplied by `gain`.
  package static func gain(_ gain: Double) -> FrontEndFault {
    FrontEndFault(
      "pcm-gain", ids: [21], at: .pcm, "samples are multiplied by \(gain)",
      remedy: "take samples as they are, in [-1, 1)"
    ) { $0.pcm.gain *= gain }
  }

  /// Frames that lie `samples` later than they should.
  package static func frameShift(_ samples: Int) -> FrontEndFault {
    FrontEndFault(
      "mel-frames-shifted", ids: [16], at: .stft, "frames lie \(samples) samples later",
      remedy: "centre frame f on sample 160 f"
    ) { $0.spectrum.frameShiftSamples += samples }
  }

  /// Another floor of the logarithm.
  package static func floor(_ floor: Double) -> FrontEndFault {
    FrontEndFault(
      "mel-floor", at: .logMel, "the logarithm's floor is \(floor) instead of 1e-10",
      remedy: "clamp the bands to 1e-10"
    ) { $0.log.floor = floor }
  }

  /// Another range below the maximum, in decades.
  package static func range(_ decades: Double) -> FrontEndFault {
    FrontEndFault(
      "mel-range", ids: [4], at: .mel, "clamped to the maximum - \(decades) instead of - 8",
      remedy: "clamp to max - 8"
    ) { $0.log.dynamicRange = decades }
  }
}
