import EncoderModel
import Faults

/// Hypotheses that explain the same taps, the best of them first.
struct ProvedCause {
  var trial: Trial
  var fit: Fit
  /// Divergent taps that it explains, in program order.
  var covered: [String]
  /// What the data cannot tell from it.
  var equivalents: [Trial]
  /// The best of what fits worse.
  var runnerUp: Trial?

  var residual: Double { trial.worst(covered) }
}

extension SpanSearch {
  /// Makes trials of hypotheses and measures them at the divergent taps among `taps`.
  ///
  /// Hypotheses that predict the same values share their measurement, for values are computed once.
  func trials(
    of hypotheses: [Hypothesis], at taps: Set<String>, activity: String,
    where isWanted: (Trial) -> Bool = { _ in true }
  ) -> [Trial] {
    if let coarse = whole?.coarse {
      return wholeTrials(of: hypotheses, at: taps, coarse, where: isWanted)
    }
    var result: [Trial] = []
    var left: Int?
    for (index, hypothesis) in hypotheses.enumerated() {
      if whole != nil && (.now > deadline || left == 0) { break }
      left = left.map { $0 - 1 }
      guard var trial = trial(hypothesis), trial.predicted.keys.contains(where: taps.contains),
        isWanted(trial)
      else { continue }
      context.progress(activity, Double(index) / Double(max(hypotheses.count, 1)))
      measure(&trial, at: taps)
      result.append(trial)
      if whole != nil, left == nil, isProof(trial, at: taps) { left = Self.trialsAfterProof }
    }
    return result
  }

  /// Whole encoders that are still run once one has fitted: they tell the next best, and what is the
  /// same.
  static let trialsAfterProof = 60

  func isProof(_ trial: Trial, at taps: Set<String>) -> Bool {
    if whole != nil { return isWithinFloat32(trial, at: taps) }
    let error = taps.compactMap { soundResiduals[$0] }.max() ?? .infinity
    return trial.worst(taps.intersection(trial.predicted.keys)) < 1e-2 * min(error, 1)
      && fit(exact(trial)) != .none
  }

  /// Whether two engines that compute the same could differ by what a trial of whole encoders leaves.
  func isWithinFloat32(_ trial: Trial, at taps: Set<String>) -> Bool {
    trial.worst(taps.intersection(trial.predicted.keys)) <= Self.enginesApart * floor
  }

  /// How many times the floor two engines may be apart: each has one of its own, deeper sums in one
  /// than in the other.
  static let enginesApart = 6.0

  /// Causes among `trials` that bring taps of `open` to rounding: fewest and largest first.
  func provedCauses(_ trials: [Trial], open: Set<String>) -> [ProvedCause] {
    var proved = confirmed(trials, open: open)
    var left = open
    var causes: [ProvedCause] = []
    while !left.isEmpty {
      proved.removeAll { left.isDisjoint(with: $0.trial.predicted.keys) }
      let ranked = proved.sorted { first, second in
        let (a, b) = (covers(first.trial, left), covers(second.trial, left))
        if a.count != b.count { return a.count > b.count }
        return isBetter(first, second)
      }
      guard let first = ranked.first else { break }
      let covered = span.divergent.filter { covers(first.trial, left).contains($0) }
      let alike = ranked.filter { covers($0.trial, left) == Set(covered) }
      let nearest = alike.map { $0.trial.worst(covered) }.min() ?? 0
      let near = alike.filter { isNear($0.trial.worst(covered), nearest) }
      let best = near.first ?? first
      let equivalents = near.dropFirst().map(\.trial).filter {
        $0.hypothesis.numCauses <= best.trial.hypothesis.numCauses
      }
      let known = Set(([best.trial] + equivalents).map(\.hypothesis.key))
      causes.append(
        ProvedCause(
          trial: best.trial, fit: best.fit, covered: covered, equivalents: equivalents,
          runnerUp: runnerUp(trials, covered: covered, of: best.trial, except: known)))
      left.subtract(covered)
    }
    return causes
  }

  /// Whether the data can hardly tell a hypothesis from the nearest: one that rounds may be within its
  /// own wide bound and yet leave a hundred times as much.
  private func isNear(_ residual: Double, _ nearest: Double) -> Bool {
    residual <= max(10 * nearest, 1e-6)
  }

  private func covers(_ trial: Trial, _ taps: Set<String>) -> Set<String> {
    taps.intersection(trial.predicted.keys)
  }

  private func isBetter(_ first: (trial: Trial, fit: Fit), _ second: (trial: Trial, fit: Fit))
    -> Bool
  {
    let a = first.trial.hypothesis
    let b = second.trial.hypothesis
    if first.fit != second.fit { return first.fit == .rounding }
    if a.prior != b.prior { return a.prior < b.prior }
    let (ra, rb) = (
      first.trial.residuals.values.max() ?? 0, second.trial.residuals.values.max() ?? 0
    )
    return ra != rb ? ra < rb : a.key < b.key
  }

  /// The best of the trials that predict something else at `covered` and are none of `known`.
  func runnerUp(_ trials: [Trial], covered: [String], of best: Trial, except known: Set<String>)
    -> Trial?
  {
    trials.filter { trial in
      !known.contains(trial.hypothesis.key) && covered.allSatisfy { trial.predicted[$0] != nil }
        && covered.contains { trial.predicted[$0] != best.predicted[$0] }
        && trial.worst(covered).isFinite
    }.min { $0.worst(covered) < $1.worst(covered) }
  }

  /// Trials that rounding alone tells from the candidate. Only those that take most of the error
  /// away are judged, the best first, and no more than some.
  private func confirmed(_ trials: [Trial], open: Set<String>) -> [(trial: Trial, fit: Fit)] {
    var result: [(trial: Trial, fit: Fit)] = []
    for tap in span.divergent where open.contains(tap) {
      let promising = trials.filter { trial in
        trial.predicted[tap] != nil && reproduces(trial, at: tap)
          && span.divergent.first { open.contains($0) && trial.predicted[$0] != nil } == tap
      }.sorted {
        $0.worst(open.intersection($0.predicted.keys))
          < $1.worst(open.intersection($1.predicted.keys))
      }
      if whole != nil {
        result += confirmedWhole(promising, at: tap)
        continue
      }
      var judged: Set<[String: Int]> = []
      let best = promising.first?.residuals[tap] ?? 0
      for trial in promising {
        if !judged.contains(trial.predicted), judged.count >= Self.confirmations { continue }
        judged.insert(trial.predicted)
        let fit = fit(trial)
        // What merely has roundings on the other side must not lie behind something that has none.
        if fit == .reproduced, trial.residuals[tap, default: 0] > 3 * best { continue }
        if fit != .none { result.append((trial, fit)) }
      }
    }
    return result
  }

  /// The same for whole encoders, each of which takes seconds in Float64: those that come as near as
  /// engines do, the nearest first. What predicts the same as one before shares its fit.
  private func confirmedWhole(_ promising: [Trial], at tap: String) -> [(trial: Trial, fit: Fit)] {
    let best = promising.first?.residuals[tap] ?? 0
    var judged: [(trial: Trial, fit: Fit, sketch: [Double])] = []
    var result: [(trial: Trial, fit: Fit)] = []
    for trial in promising {
      let residual = trial.residuals[tap] ?? .infinity
      guard residual <= max(3 * best, Self.enginesApart * floor) else { break }
      // Only roundings leave more than engines do.
      guard
        residual <= Self.enginesApart * floor || judges.count > 1
          || trial.hypothesis.faults.contains(where: \.fault.roundsActivations)
      else { continue }
      guard let sketch = try? whole?.sketch(trial, mel: mel(of: trial)).map(Double.init) else {
        continue
      }
      if let same = judged.first(where: {
        WholeEncoderTrials.distance(sketch, $0.sketch) <= Self.enginesApart * floor
      }) {
        if same.fit != .none { result.append((adopt(same.fit, same.trial, for: trial), same.fit)) }
        continue
      }
      if judged.count >= Self.wholeConfirmations { break }
      let exact = exact(trial)
      let fit = fit(exact)
      judged.append((exact, fit, sketch))
      if fit != .none { result.append((exact, fit)) }
    }
    return result
  }

  /// Distinct predictions of whole encoders that are computed in Float64.
  private static let wholeConfirmations = 4

  /// Whether a trial takes most of the error away at `tap`; where wide bounds are accepted, at the
  /// first tap that it changes.
  private func reproduces(_ trial: Trial, at tap: String) -> Bool {
    let first = span.divergent.first { trial.predicted[$0] != nil } ?? tap
    let tap = demandsNearer ? tap : first
    return (trial.residuals[tap] ?? .infinity)
      <= Self.reproduced * (soundResiduals[tap] ?? .infinity)
  }

  /// Distinct predictions that are judged against the bound at one tap.
  private static let confirmations = 16
}
