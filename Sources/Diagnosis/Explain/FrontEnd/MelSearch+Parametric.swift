import AudioFrontEnd
import TensorCore

/// Front-ends with quantities that no list holds: hop, window, transform, filterbank and logarithm
/// fitted to the foreign mel, then proved as a whole.
extension MelSearch {
  /// Front-ends that were fitted, with what they leave; those within rounding are as simple as they can
  /// be.
  func parametricTrials() -> [Trial] {
    var found: [Trial] = []
    for start in starts() {
      for fit in fits(from: start) where .now < deadline {
        found += finished(fit.best, fit.regression)
        if found.contains(where: \.isRounding) { break }
      }
      if found.contains(where: \.isRounding) { break }
    }
    let proved = found.filter(\.isRounding)
    guard !proved.isEmpty else { return found }
    let simple = proved.prefix(12).map(simplified)
    return found.filter { !$0.isRounding } + simple
  }

  /// The rates and numbers of bands that are to be tried.
  private func starts() -> [FrontEndOptions] {
    var start = FrontEndOptions.whisper
    if own.shape.count == 2, own.shape[1] != runner.context.numMels {
      start.filterbank.numMels = own.shape[1]
    }
    var unpadded = start
    unpadded.spectrum.padding = .none
    var slow = unpadded
    slow.pcm.rateHz = 22_050
    slow.filterbank.designRateHz = 22_050
    return [start, slow]
  }

  /// The likeliest hops and kinds of features by common lengths and scales, then the best of them in
  /// every option.
  private func fits(from start: FrontEndOptions) -> [FrontEndFit] {
    let hops = hops(start)
    var fits: [FrontEndFit] = []
    for link in BandRegression.Link.allCases {
      guard let regression = BandRegression(own, link: link) else { continue }
      for options in hops {
        progress("fitting the front-end", 0.2)
        var fit = FrontEndFit(runner, regression, start: options, deadline: deadline)
        fit.coarse()
        fits.append(fit)
      }
    }
    var best: [FrontEndFit] = []
    for fit in fits.sorted(by: { $0.residual < $1.residual }).prefix(2) {
      progress("fitting the front-end", 0.6)
      var fit = fit
      fit.run()
      best.append(fit)
      if fit.residual < FrontEndFit.enough { return [fit] }
    }
    return best
  }

  /// `start` with the hops and shifts that the course of the loudness points to.
  private func hops(_ start: FrontEndOptions) -> [FrontEndOptions] {
    let guesses = HopEstimate(own, runner, base: start)?.guesses(3) ?? []
    var found: [FrontEndOptions] = []
    for guess in guesses where guess.correlation > 0.5 {
      var options = start
      options.spectrum.hopLength = guess.hop
      if abs(guess.shift) > 64 { options.spectrum.frameShiftSamples = guess.shift }
      found.append(options)
    }
    return found.isEmpty ? [start] : found
  }

  /// A fitted spectrum with every reading of the logarithm, of the ends of the signal and of the last
  /// frame.
  private func finished(
    _ fitted: FrontEndOptions, _ regression: BandRegression
  ) -> [Trial] {
    var found: [Trial] = []
    let readings = LogarithmFit(
      runner: runner, own: own, regression: regression, fitted: fitted
    ).readings()
    let fills: [Double] = own.float64Array.last.map { $0 == 0 ? [0] : [0, $0] } ?? [0]
    for padding in [AudioPadding.right, .none] {
      for edge in SignalEdge.allCases {
        for last in [LastFrame.dropped, .kept] {
          for reading in readings {
            for fill in padding == .none ? fills : [0] {
              guard .now < deadline else { return found }
              var options = reading
              options.spectrum.padding = padding
              options.spectrum.edge = edge
              options.spectrum.lastFrame = last
              options.layout.fill = fill
              if let trial = fittedTrial(options) { found.append(trial) }
            }
          }
        }
      }
    }
    return found
  }

  /// The trial of these options, as faults; `nil` where they cannot be told as such.
  private func fittedTrial(_ options: FrontEndOptions) -> Trial? {
    guard let faults = FrontEndDifference(options).faults else { return nil }
    return trial(Hypothesis(frontEnd: faults))
  }

  /// The trial with everything that is not needed put back to what it should be, and with round numbers
  /// where these do as well.
  private func simplified(_ proved: Trial) -> Trial {
    var best = proved
    let level = max(4 * proved.residual, 1e-6)
    func take(_ options: FrontEndOptions) -> Bool {
      guard options != best.hypothesis.frontEndOptions, let trial = fittedTrial(options),
        trial.isRounding, trial.residual <= level,
        trial.hypothesis.prior <= best.hypothesis.prior
      else { return false }
      best = trial
      return true
    }
    for field in FrontEndField.all {
      var options = best.hypothesis.frontEndOptions
      field.copy(&options, .whisper)
      _ = take(options)
    }
    for options in Self.evenTwins(best.hypothesis.frontEndOptions) { _ = take(options) }
    round(\.filterbank.minimumHz, best, take)
    round(\.pcm.preEmphasis, best, take)
    round(\.log.floor, best, take)
    if let high = best.hypothesis.frontEndOptions.filterbank.maximumHz {
      for tolerance in [0.02, 0.005, 0.001, 3e-4, 1e-4] {
        var options = best.hypothesis.frontEndOptions
        options.filterbank.maximumHz = LogarithmFit.rounded(high, tolerance: tolerance)
        if take(options) { break }
      }
    }
    return best
  }

  /// A symmetric window of N + 1 is the periodic one of N, but for a zero at its end: the one of even length is
  /// meant.
  private static func evenTwins(_ options: FrontEndOptions) -> [FrontEndOptions] {
    let length = options.spectrum.windowLength
    let twin: (shape: WindowShape, length: Int)
    switch options.spectrum.window {
    case .hannSymmetric: twin = (.hannPeriodic, length - 1)
    case .hannPeriodic: twin = (.hannSymmetric, length + 1)
    default: return []
    }
    guard twin.length % 2 == 0, twin.length <= options.spectrum.fftLength else { return [] }
    return [0, -1, 1].map { shift in
      var copy = options
      copy.spectrum.window = twin.shape
      copy.spectrum.windowLength = twin.length
      copy.spectrum.frameShiftSamples += shift
      return copy
    }
  }

  private func round(
    _ path: WritableKeyPath<FrontEndOptions, Double>, _ best: Trial,
    _ take: (FrontEndOptions) -> Bool
  ) {
    let options = best.hypothesis.frontEndOptions
    let value = options[keyPath: path]
    guard value != FrontEndOptions.whisper[keyPath: path] else { return }
    for tolerance in [0.1, 0.02, 0.005, 0.001, 3e-4, 1e-4] {
      var rounder = options
      rounder[keyPath: path] = LogarithmFit.rounded(value, tolerance: tolerance)
      if take(rounder) { return }
    }
  }
}
