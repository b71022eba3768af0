import AudioFrontEnd

/// What makes one set of front-end options differ from Whisper's, as faults: those of the catalogue
/// where they fit, the largest first, and fitted ones for what is left.
struct FrontEndDifference {
  private static let sound = FrontEndOptions.whisper
  private let options: FrontEndOptions

  init(_ options: FrontEndOptions) { self.options = options }

  /// Faults that together make these options of Whisper's; `nil` where none makes some of them.
  var faults: [FrontEndFault]? {
    var reached = Self.sound
    var found: [FrontEndFault] = []
    var candidates = fitted + FrontEndOptions.catalogue
    while reached != options {
      let next = candidates.map { ($0, $0.applied(to: reached)) }
        .filter { isOnTheWay($0.1, from: reached) }
        .max { Self.distance($0.1, reached) < Self.distance($1.1, reached) }
      guard let (fault, changed) = next else { return nil }
      found.append(fault)
      reached = changed
      candidates.removeAll { $0.name == fault.name }
    }
    return found
  }

  /// Whether a change only brings fields to where they should be.
  private func isOnTheWay(_ changed: FrontEndOptions, from reached: FrontEndOptions) -> Bool {
    changed != reached
      && FrontEndField.all.allSatisfy { field in
        field.isSame(changed, reached) || field.isSame(changed, options)
      }
  }

  private static func distance(_ a: FrontEndOptions, _ b: FrontEndOptions) -> Int {
    FrontEndField.all.count { !$0.isSame(a, b) }
  }

  /// Faults with these options' own quantities. They come after those of the catalogue that change as
  /// much: `max` takes the last.
  private var fitted: [FrontEndFault] {
    let (spectrum, bank, log) = (options.spectrum, options.filterbank, options.log)
    var faults: [FrontEndFault] = [
      .gain(options.pcm.gain), .preEmphasis(options.pcm.preEmphasis),
      .frameShift(spectrum.frameShiftSamples), .hop(spectrum.hopLength),
      .fftLength(spectrum.fftLength), .windowLength(spectrum.windowLength),
      .minimumHz(bank.minimumHz), .maximumHz(bank.maximumHz ?? 8000),
      .floor(log.floor, isAdded: log.floorKind == .add),
      .scaling(offset: log.offset, divisor: log.divisor),
    ]
    if spectrum.fftLength == spectrum.windowLength { faults.append(.fourier(spectrum.fftLength)) }
    if spectrum.padding == .none, options.layout.fill != 0 {
      faults.append(.fill(options.layout.fill))
    }
    if let count = bank.numMels { faults.append(.numMels(count)) }
    if let range = log.dynamicRange { faults.append(.range(range)) }
    for isRelative in [true, false] {
      faults.append(.powerToDecibels(range: log.dynamicRange, isRelative: isRelative))
    }
    return faults
  }
}

/// One decision of the front-end that can be compared, and undone.
struct FrontEndField: Sendable {
  let isSame: @Sendable (FrontEndOptions, FrontEndOptions) -> Bool
  /// Gives the first options the second's value.
  let copy: @Sendable (inout FrontEndOptions, FrontEndOptions) -> Void

  private init<Value: Equatable & SendableMetatype>(
    _ path: any WritableKeyPath<FrontEndOptions, Value> & Sendable
  ) {
    isSame = { $0[keyPath: path] == $1[keyPath: path] }
    copy = { $0[keyPath: path] = $1[keyPath: path] }
  }

  static let all: [FrontEndField] = pcm + spectrum + filterbank + log + layout

  private static let pcm = [
    FrontEndField(\.pcm.channels), FrontEndField(\.pcm.rateHz), FrontEndField(\.pcm.resampler),
    FrontEndField(\.pcm.quantizedBits), FrontEndField(\.pcm.gain), FrontEndField(\.pcm.removesMean),
    FrontEndField(\.pcm.normalization), FrontEndField(\.pcm.preEmphasis),
  ]
  private static let spectrum = [
    FrontEndField(\.spectrum.extent), FrontEndField(\.spectrum.padding),
    FrontEndField(\.spectrum.fftLength), FrontEndField(\.spectrum.windowLength),
    FrontEndField(\.spectrum.hopLength), FrontEndField(\.spectrum.window),
    FrontEndField(\.spectrum.windowPlacement), FrontEndField(\.spectrum.alignment),
    FrontEndField(\.spectrum.edge), FrontEndField(\.spectrum.frameShiftSamples),
    FrontEndField(\.spectrum.lastFrame), FrontEndField(\.spectrum.removesFrameMean),
    FrontEndField(\.spectrum.quantity),
    FrontEndField(\.spectrum.sumsMirroredBins), FrontEndField(\.spectrum.normalization),
  ]
  private static let filterbank = [
    FrontEndField(\.filterbank.numMels), FrontEndField(\.filterbank.scale),
    FrontEndField(\.filterbank.shape), FrontEndField(\.filterbank.norm),
    FrontEndField(\.filterbank.minimumHz), FrontEndField(\.filterbank.maximumHz),
    FrontEndField(\.filterbank.designRateHz), FrontEndField(\.filterbank.designFFTLength),
    FrontEndField(\.filterbank.orientation), FrontEndField(\.filterbank.binShift),
  ]
  private static let log = [
    FrontEndField(\.log.base), FrontEndField(\.log.floor), FrontEndField(\.log.floorKind),
    FrontEndField(\.log.subtractsMaximum), FrontEndField(\.log.dynamicRange),
    FrontEndField(\.log.maximumScope), FrontEndField(\.log.offset), FrontEndField(\.log.divisor),
    FrontEndField(\.log.normalization),
  ]
  private static let layout = [
    FrontEndField(\.layout.fitsContext), FrontEndField(\.layout.fill),
    FrontEndField(\.layout.fillStage), FrontEndField(\.layout.arrangement),
    FrontEndField(\.layout.rounding),
  ]
}
