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
    let error = taps.compactMap { soundResiduals[$0] }.max() ?? .infinity
    return trial.worst(taps.intersection(trial.predicted.keys)) < 1e-2 * min(error, 1)
      && fit(exact(trial)) != .none
  }

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
      guard let best = ranked.first else { break }
      let covered = span.divergent.filter { covers(best.trial, left).contains($0) }
      let equivalents = ranked.dropFirst().filter {
        covers($0.trial, left) == Set(covered)
          && $0.trial.hypothesis.numCauses
            <= best.trial.hypothesis.numCauses
      }
      let known = Set(ranked.map(\.trial.hypothesis.key))
      causes.append(
        ProvedCause(
          trial: best.trial, fit: best.fit, covered: covered,
          equivalents: equivalents.map(\.trial),
          runnerUp: runnerUp(trials, covered: covered, of: best.trial, except: known)))
      left.subtract(covered)
    }
    return causes
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
      var judged: Set<[String: Int]> = []
      let best = promising.first?.residuals[tap] ?? 0
      for trial in promising {
        if !judged.contains(trial.predicted), judged.count >= Self.confirmations { continue }
        // Whole encoders in Float64 take long: those that are far behind are left out.
        if whole != nil, (trial.residuals[tap] ?? 0) > max(20 * best, 1e-5) { break }
        judged.insert(trial.predicted)
        let trial = exact(trial)
        let fit = fit(trial)
        // What merely has roundings on the other side must not lie behind something that has none.
        if fit == .reproduced, trial.residuals[tap, default: 0] > 3 * best { continue }
        if fit != .none { result.append((trial, fit)) }
      }
    }
    return result
  }

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
