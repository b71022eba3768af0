/// Faults between the bands and the finished features.

extension FrontEndFaults {
  /// The logarithm and its floor.
  static let logarithm: [FrontEndFault] =
    [
      FrontEndFault(
        "mel-ln-instead-of-log10", ids: [3], at: .logMel, "natural logarithm",
        remedy: "use log10"
      ) { $0.log.base = .natural },
      FrontEndFault(
        "mel-log2-instead-of-log10", ids: [3], at: .logMel, "logarithm to base 2",
        remedy: "use log10"
      ) { $0.log.base = .two },
      FrontEndFault(
        "mel-power-to-db", ids: [1], at: .logMel,
        "power_to_db(ref=max, top_db=80): decibels from -80 to 0",
        remedy: "use log10, clamp to max - 8 and scale by (x + 4)/4"
      ) { decibels(&$0, relativeToMaximum: true) },
      FrontEndFault(
        "mel-power-to-db-ref-1", ids: [1], at: .logMel, "power_to_db(ref=1.0, top_db=80)",
        remedy: "use log10, clamp to max - 8 and scale by (x + 4)/4"
      ) { decibels(&$0, relativeToMaximum: false) },
      FrontEndFault(
        "mel-decibels-scaled", ids: [1], at: .logMel,
        "decibels, clamped to max - 8 and scaled as if they were log10",
        remedy: "use log10, without the factor of 10"
      ) { $0.log.base = .decibel },
      FrontEndFault(
        "mel-no-log", at: .logMel, "no logarithm",
        remedy: "take log10 of the floored bands"
      ) { $0.log.base = .none },
      FrontEndFault(
        "mel-log1p", at: .logMel, "ln(1 + x)",
        remedy: "use log10 of max(x, 1e-10)"
      ) {
        $0.log.base = .natural
        $0.log.floorKind = .add
        $0.log.floor = 1
      },
    ]
    + [("1e-5", 1e-5), ("1e-6", 1e-6), ("1e-8", 1e-8), ("1e-12", 1e-12)].map { name, floor in
      FrontEndFault(
        "mel-floor-\(name)", at: .logMel, "the logarithm's floor is \(name) instead of 1e-10",
        remedy: "clamp the bands to 1e-10"
      ) { $0.log.floor = floor }
    }
    + [("1e-10", 1e-10), ("1e-6", 1e-6), ("1e-5", 1e-5)].map { name, floor in
      FrontEndFault(
        "mel-floor-added-\(name)", at: .logMel, "log(x + \(name)) instead of log(max(x, 1e-10))",
        remedy: "clamp the bands to 1e-10 instead of adding to them"
      ) {
        $0.log.floorKind = .add
        $0.log.floor = floor
      }
    }

  /// The maximum, the range below it, and the scale.
  static let range: [FrontEndFault] = [
    FrontEndFault(
      "mel-no-clamp", ids: [4], at: .mel, "not clamped to the maximum - 8",
      remedy: "raise values below max - 8 to it"
    ) { $0.log.dynamicRange = nil },
    FrontEndFault(
      "mel-no-scaling", ids: [4], at: .mel, "(x + 4)/4 is left out",
      remedy: "add 4 and divide by 4"
    ) { unscaled(&$0) },
    FrontEndFault(
      "mel-no-clamp-no-scaling", ids: [4], at: .mel, "neither clamped to max - 8 nor scaled",
      remedy: "raise values to max - 8, add 4 and divide by 4"
    ) {
      unscaled(&$0)
      $0.log.dynamicRange = nil
    },
    FrontEndFault(
      "mel-scaling-misordered", ids: [4], at: .mel, "x/4 + 4 instead of (x + 4)/4",
      remedy: "add 4 before dividing by 4"
    ) { $0.log.offset = 16 },
    FrontEndFault(
      "mel-range-80", ids: [4], at: .mel, "clamped to the maximum - 80 (decibels) instead of - 8",
      remedy: "clamp to max - 8"
    ) { $0.log.dynamicRange = 80 },
    FrontEndFault(
      "mel-relative-to-max", at: .mel, "the maximum is subtracted before scaling",
      remedy: "only clamp to max - 8, subtract nothing"
    ) { $0.log.subtractsMaximum = true },
    FrontEndFault(
      "mel-per-frame-max", ids: [19], at: .mel, "each frame is clamped to its own maximum - 8",
      remedy: "take the maximum over all frames and bands"
    ) { $0.log.maximumScope = .frame },
    FrontEndFault(
      "mel-per-second-max", ids: [19], at: .mel,
      "every 100 frames are clamped to their own maximum - 8",
      remedy: "take the maximum over all frames and bands"
    ) { $0.log.maximumScope = .frames(100) },
    FrontEndFault(
      "mel-per-band-max", ids: [19], at: .mel, "each band is clamped to its own maximum - 8",
      remedy: "take the maximum over all frames and bands"
    ) { $0.log.maximumScope = .band },
    FrontEndFault(
      "mel-standardized", at: .mel, "features normalised to mean 0 and deviation 1",
      remedy: "leave the features as (x + 4)/4"
    ) { $0.log.normalization = .window },
    FrontEndFault(
      "mel-bands-standardized", at: .mel, "each band normalised to mean 0 and deviation 1",
      remedy: "leave the features as (x + 4)/4"
    ) { $0.log.normalization = .band },
    FrontEndFault(
      "mel-min-max", at: .mel, "features stretched to [0, 1]",
      remedy: "leave the features as (x + 4)/4"
    ) { $0.log.normalization = .minMax },
  ]

  static func unscaled(_ options: inout FrontEndOptions) {
    options.log.offset = 0
    options.log.divisor = 1
  }

  /// librosa's `power_to_db` with its `top_db` of 80 and nothing after it.
  static func decibels(_ options: inout FrontEndOptions, relativeToMaximum: Bool) {
    unscaled(&options)
    options.log.base = .decibel
    options.log.subtractsMaximum = relativeToMaximum
    options.log.dynamicRange = 80
  }
}
