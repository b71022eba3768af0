import EncoderModel
import Faults

extension SpanSearch {
  /// `trials(of:at:)` over whole encoders: every hypothesis on a thinned one, then the whole ones in
  /// the order in which they resemble the error, until one fits or time is up.
  func wholeTrials(
    of hypotheses: [Hypothesis], at taps: Set<String>, _ coarse: CoarseTrials,
    where isWanted: (Trial) -> Bool
  ) -> [Trial] {
    var ranked: [(trial: Trial, distance: Double)] = []
    let isFinite = whole?.own.allSatisfy(\.isFinite) ?? true
    for (index, hypothesis) in hypotheses.enumerated() {
      if .now > deadline { break }
      // What overflows leaves traces.
      if isFinite, hypothesis.faults.contains(where: { $0.fault.slug == "frame-overflowed" }) {
        continue
      }
      guard let trial = trial(hypothesis), trial.predicted.keys.contains(where: taps.contains),
        isWanted(trial)
      else { continue }
      context.progress("every single fault", Double(index) / Double(max(hypotheses.count, 1)))
      ranked.append((trial, (try? coarse.distance(trial, mel: mel(of: trial))) ?? 1))
    }
    ranked.sort {
      ($0.distance, $0.trial.hypothesis.prior) < ($1.distance, $1.trial.hypothesis.prior)
    }
    // Whatever the first pass took, the likeliest are looked at.
    deadline = max(deadline, .now + .seconds(context.budgetSeconds))
    var result: [Trial] = []
    var left: Int?
    for (index, entry) in ranked.enumerated() {
      if .now > deadline || left == 0 { break }
      if index >= Self.fewestWhole, entry.distance > Self.farthest { break }
      left = left.map { $0 - 1 }
      var trial = entry.trial
      context.progress(
        "the likeliest in full", Double(index) / Double(max(ranked.count, 1)))
      measure(&trial, at: taps)
      result.append(trial)
      if left == nil, isProof(trial, at: taps) { left = Self.wholeAfterProof }
    }
    return result
  }

  /// Whole encoders that are run whatever their rank.
  private static let fewestWhole = 60
  /// sin² beyond which a hypothesis has nothing of the error's direction.
  private static let farthest = 0.9
  /// Whole encoders that are still run once one has fitted.
  private static let wholeAfterProof = 16
}
