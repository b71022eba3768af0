import EncoderModel
import Faults
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Values of parameters that no list holds: fitted to the candidate's tensor.
extension SpanSearch {
  /// Trials with the parameters of `trials` fitted, one for each fault and site that can be.
  func fittedTrials(_ trials: [Trial], at taps: Set<String>) -> [Trial] {
    if whole?.coarse != nil { return [] }
    var seen: Set<String> = []
    var result: [Trial] = []
    // Of a tensor in low precision much is open that no value explains.
    func worthFitting(_ tap: String) -> Double {
      isReducedPrecision(tap) ? Self.promising : .infinity
    }
    let ranked = trials.filter { trial in
      (trial.hypothesis.faults.count == 1 || trial.hypothesis.isSystematic)
        && trial.hypothesis.frontEnd.isEmpty
        && taps.contains { tap in
          trial.residuals[tap].map { $0 < worthFitting(tap) * (soundResiduals[tap] ?? .infinity) }
            ?? false
        }
    }
    .sorted { $0.worst($0.residuals.keys) < $1.worst($1.residuals.keys) }
    for (index, trial) in ranked.enumerated() {
      if .now > deadline { break }
      let instance = trial.hypothesis.faults[0]
      guard let parameter = instance.fault.parameter, parameter.fit != .none,
        seen.insert(trial.hypothesis.place).inserted,
        let tap = span.divergent.first(where: { taps.contains($0) && trial.predicted[$0] != nil })
      else { continue }
      context.progress("fitting \(instance.fault.slug)", Double(index) / Double(ranked.count))
      if let fitted = fitted(trial, varying: 0, at: tap, to: taps) { result.append(fitted) }
    }
    return result
  }

  /// The part of an error that a hypothesis may leave before its value is fitted, in low precision.
  private static let promising = 0.9

  /// A trial with one of its faults' values fitted to the candidate at `tap`; `nil` where no value
  /// does better than the listed ones.
  func fitted(_ trial: Trial, varying index: Int, at tap: String, to taps: Set<String>) -> Trial? {
    let instance = trial.hypothesis.faults[index]
    guard let parameter = instance.fault.parameter, whole == nil || parameter.fit != .none else {
      return nil
    }
    let value: Double?
    switch parameter.fit {
    case .none: return nil
    case .linear:
      value = gaussNewton(
        trial, index, tap, from: neutral(instance), step: { max(abs($0), 1) * 1e-3 })
    case .logarithmic:
      value = logarithmicFit(trial, index, tap)
    case .count: value = countFit(trial, index, tap)
    case .contextFrames: value = contextFramesFit(trial, index, tap)
    case .signedFrames: value = contextFramesFit(trial, index, tap, isSigned: true)
    case .extreme: value = extremeFit(tap)
    case .timescale: value = timescaleFit(tap)
    case .frame: value = frameFit(trial, index, tap)
    case .frameShift: value = shiftFit(trial, index, tap)
    }
    // A value that changes nothing is no fault.
    guard let value, value.isFinite,
      !parameter.neutral.isFinite
        || abs(value - parameter.neutral) > Self.distinct * abs(parameter.neutral),
      var fitted = varied(trial, index, to: value)
    else { return nil }
    measure(&fitted, at: taps)
    guard
      fitted.residuals[tap, default: .infinity] < trial.residuals[tap, default: .infinity]
    else { return nil }
    return rounded(fitted, index, at: tap, to: taps)
  }

  /// The same with the fewest digits that do as well: ports have 0.234, not 0.23400001.
  private func rounded(_ trial: Trial, _ index: Int, at tap: String, to taps: Set<String>) -> Trial
  {
    let value = trial.hypothesis.faults[index].value.number
    let limit = 1.2 * trial.residuals[tap, default: 0] + 1e-8
    if abs(value) < Self.negligible, value != 0, var zero = varied(trial, index, to: 0) {
      measure(&zero, at: taps)
      if zero.residuals[tap, default: .infinity] <= limit { return zero }
    }
    guard value != 0, value.rounded() != value, limit < 1e-3 else { return trial }
    for digits in 1...6 {
      let scale = pow(10, Double(digits - 1) - log10(abs(value)).rounded(.down))
      guard var short = varied(trial, index, to: (value * scale).rounded() / scale) else {
        continue
      }
      measure(&short, at: taps)
      if short.residuals[tap, default: .infinity] <= limit { return short }
    }
    return trial
  }

  /// A value below which zero is meant, where it does as well.
  private static let negligible = 1e-5

  /// How far from the value that changes nothing a fitted one lies at least, relative to it: Float32's rounding.
  private static let distinct = 0x1p-24

  /// The value at which a fault changes nothing.
  private func neutral(_ instance: FaultInstance) -> Double {
    instance.fault.parameter?.neutral ?? 0
  }

  private func varied(_ trial: Trial, _ index: Int, to value: Double) -> Trial? {
    var hypothesis = trial.hypothesis
    hypothesis.vary(index, to: value)
    return self.trial(hypothesis)
  }

  /// candidate − prediction at `tap`, and its norm, for one value of the parameter.
  private func prediction(_ trial: Trial, _ index: Int, _ tap: String, _ value: Double)
    -> [Double]?
  {
    if let whole {
      let varied = varied(trial, index, to: value)
      if fitsCoarsely { return coarseChange(varied) }
      guard let varied else { return whole.soundSketch.map(Double.init) }
      return (try? whole.sketch(varied, mel: mel(of: varied)))?.map(Double.init)
    }
    guard let varied = varied(trial, index, to: value) else {
      return sound[tap].flatMap { try? graph.value($0) }?.float64Array
    }
    return try? prediction(varied, at: tap).float64Array
  }

  private func ownValues(_ tap: String) -> [Double] {
    if fitsCoarsely { return coarseError }
    if let whole { return whole.own }
    return shelf.tensor(tap)?.float64Array ?? []
  }

  /// Least squares in one unknown: x ≈ y(p) + (dy/dp)·δ, repeated.
  ///
  /// Where whole encoders run in Float32 the slope is taken over wide steps first, for over narrow ones
  /// rounding may be all that changes.
  private func gaussNewton(
    _ trial: Trial, _ index: Int, _ tap: String, from start: Double,
    step: (Double) -> Double, map: (Double) -> Double = { $0 }, limit: Double = .infinity
  ) -> Double? {
    let x = ownValues(tap)
    guard var y = prediction(trial, index, tap, map(start)), y.count == x.count else { return nil }
    var p = start
    var error = squaredNorm(x, y)
    let first = error
    var widths = whole == nil ? [1.0] : Self.wideSteps
    for round in 0..<10 where round == 0 || .now < deadline {
      let h = step(p) * (widths.first ?? 1)
      guard let ahead = prediction(trial, index, tap, map(p + h)), ahead.count == y.count else {
        return nil
      }
      var (inner, slope) = (0.0, 0.0)
      for i in x.indices {
        let d = (ahead[i] - y[i]) / h
        guard d.isFinite, x[i].isFinite, y[i].isFinite else { continue }
        inner += (x[i] - y[i]) * d
        slope += d * d
      }
      guard slope > 0 else { return nil }
      var delta = min(max(inner / slope, -limit), limit)
      var improved = false
      for _ in 0..<5 {
        if let next = prediction(trial, index, tap, map(p + delta)) {
          let nextError = squaredNorm(x, next)
          if nextError < error {
            improved = nextError < 0.999 * error
            (p, y, error) = (p + delta, next, nextError)
            break
          }
        }
        delta /= 3
      }
      if !improved { widths.removeFirst() }
      // A parameter that takes little of the error away is not the cause.
      if widths.isEmpty || (round == 2 && error > 0.6 * first) { break }
    }
    return error < first ? map(p) : nil
  }

  /// How many times the narrow step the slope is taken over.
  private static let wideSteps = [256.0, 16, 1]

  private func logarithmicFit(_ trial: Trial, _ index: Int, _ tap: String) -> Double? {
    let listed = trial.hypothesis.faults[index].value.number
    let starts = [neutral(trial.hypothesis.faults[index]), listed].filter { $0 > 0 }
    var best: (value: Double, error: Double)?
    let x = ownValues(tap)
    for start in starts {
      guard
        let value = gaussNewton(
          trial, index, tap, from: log(start), step: { _ in 1e-3 }, map: exp, limit: 1.5),
        let y = prediction(trial, index, tap, value)
      else { continue }
      let error = squaredNorm(x, y)
      if error < best?.error ?? .infinity { best = (value, error) }
    }
    return best?.value
  }

  /// The limit that values are cut off at is the largest of them.
  private func extremeFit(_ tap: String) -> Double? {
    // Of a tensor inside of a whole encoder the output does not tell.
    guard whole == nil else { return nil }
    return shelf.tensor(tap)?.float64Array.lazy.filter(\.isFinite).map(abs).max()
  }

  /// The longest timescale of sinusoids from what was added to the stem's output: channel c of frame 1 is
  /// sin ω, with ln ω falling in a straight line to that of the longest timescale.
  private func timescaleFit(_ tap: String) -> Double? {
    guard whole == nil, let own = shelf.tensor(tap), let id = sound[tap],
      let y = try? graph.value(id), own.elementCount == y.elementCount, own.rowCount > 1
    else { return nil }
    let (width, half) = (own.innerExtent, own.innerExtent / 2)
    let table = sinusoidTable(frames: 2, channels: width)
    let added = own.withFloat64 { x in
      y.withFloat64 { y in
        table.withFloat64 { t in (0..<half).map { x[width + $0] - y[width + $0] + t[width + $0] } }
      }
    }
    var (along, squares) = (0.0, 0.0)
    for channel in 1..<max(half, 2) where channel < half && added[channel] > 1e-3 {
      guard added[channel] < 0.99 else { continue }
      along -= Double(channel) * log(asin(added[channel]))
      squares += Double(channel * channel)
    }
    guard squares > 0, half > 1 else { return nil }
    return exp(along / squares * Double(half - 1))
  }

  private func squaredNorm(_ x: [Double], _ y: [Double]) -> Double {
    var sum = 0.0
    for i in x.indices {
      let d = x[i] - y[i]
      if d.isFinite { sum += d * d }
    }
    return sum
  }
}
