import EncoderModel
import Faults
import Parity
import TensorCore

/// Whether a trial explains the candidate's values.
extension SpanSearch {
  /// A residual below this part of the error leaves nothing but roundings that fell on the other
  /// side: two roundings drawn independently leave 1.4 of it, one of two formats 0.7.
  static let reproduced = 0.35

  /// The least error that is left where one fault of a hypothesis is taken out of it: what each of
  /// them has to take most of away.
  private func errorWithoutOne(of trial: Trial, at tap: String) -> Double {
    let error = soundResiduals[tap] ?? 0
    let hypothesis = trial.hypothesis
    guard !hypothesis.isSystematic, hypothesis.faults.count > 1 else { return error }
    return hypothesis.faults.indices.reduce(error) {
      min($0, self.error(of: trial, without: $1, at: tap))
    }
  }

  /// The error that is left at a tap where one fault of a hypothesis is taken out of it.
  private func error(of trial: Trial, without index: Int, at tap: String) -> Double {
    let error = soundResiduals[tap] ?? .infinity
    var smaller = trial.hypothesis
    smaller.faults.remove(at: index)
    guard var part = self.trial(smaller) else { return error }
    measure(&part, at: [tap])
    return part.residuals[tap] ?? error
  }

  /// Whether each fault of several takes something of the error away: one without which as little is left has
  /// explained none of it. One that rounds brings a wide bound, and has to take most of it away.
  private func areAllNeeded(_ trial: Trial, at taps: [String]) -> Bool {
    let hypothesis = trial.hypothesis
    guard whole == nil, !hypothesis.isSystematic, hypothesis.faults.count > 1 else { return true }
    let rounds = hypothesis.faults.contains(where: \.fault.roundsActivations)
    let part = rounds && !hypothesis.isOfPrecision ? Self.reproduced : Self.nearer
    return hypothesis.faults.indices.allSatisfy { index in
      taps.contains { tap in
        (trial.residuals[tap] ?? .infinity) <= part * error(of: trial, without: index, at: tap)
      }
    }
  }

  /// Whether taps that are sound as they stand stay within Float32's rounding with the hypothesis in
  /// force: one that moves them is refuted, however loose the bound of the precision it claims.
  private func leavesSoundTaps(
    _ taps: Set<String>, _ trial: Trial, _ candidate: (String) -> Tensor?
  ) -> Bool {
    guard !taps.isEmpty else { return true }
    let errors =
      (try? judges[0].introducedErrors(at: taps, of: trial.program, candidate: candidate))
      ?? [:]
    return taps.allSatisfy { tap in
      guard let error = errors[tap], error.worstRatio <= 1, !error.verdict.isDivergence,
        let own = shelf.tensor(tap), let sound = sound[tap].flatMap({ try? graph.value($0) }),
        let id = trial.predicted[tap], let moved = try? graph.value(id)
      else { return false }
      // A hypothesis that rounds brings a wide bound of its own: what counts is how near it comes.
      return relativeDistance(own, moved) <= max(2 * relativeDistance(own, sound), 0x1p-23)
    }
  }

  /// Whether a hypothesis of precision alone takes something of the error away wherever it claims to
  /// explain one. It brings a bound of its own, which may be wide enough for an error of another kind;
  /// one that leaves all of the error, having rounded, has explained none of it.
  ///
  /// Whole encoders are not asked: behind many operations other roundings fall on other sides.
  private func comesNearer(_ trial: Trial, at taps: [String]) -> Bool {
    guard whole == nil, trial.hypothesis.isOfPrecision else { return true }
    return taps.allSatisfy { tap in
      guard let residual = trial.residuals[tap], let error = soundResiduals[tap] else {
        return true
      }
      return residual <= Self.nearer * error
    }
  }

  /// The part of an error that a hypothesis of precision may leave: two formats' roundings leave 0.7.
  private static let nearer = 0.9

  func judgedFit(_ trial: Trial) -> Fit {
    let divergent = span.divergent.filter { trial.predicted[$0] != nil }
    guard trial.worst(divergent).isFinite else { return .none }
    let mel = mel(of: trial)
    let candidate: (String) -> Tensor? = { [shelf, context] tap in
      shelf.tensor(tap) ?? (tap == "mel" ? mel ?? context.mel : nil)
    }
    let taps = Set(trial.predicted.keys)
    guard leavesSoundTaps(taps.subtracting(divergent), trial, candidate) else { return .none }
    for judge in allowsPrecisions ? judges[...] : judges.prefix(1) {
      let errors =
        (try? judge.introducedErrors(at: taps, of: trial.program, candidate: candidate)) ?? [:]
      let isRounding = taps.allSatisfy { tap in
        guard let error = errors[tap] else { return false }
        return error.worstRatio <= 1 && !error.verdict.isDivergence
      }
      if isRounding {
        return areAllNeeded(trial, at: divergent)
          && (!demandsNearer || comesNearer(trial, at: divergent)) ? .rounding : .none
      }
    }
    guard trial.hypothesis.faults.contains(where: \.fault.roundsActivations) else { return .none }
    let isReproduced = divergent.allSatisfy { tap in
      (trial.residuals[tap] ?? .infinity) <= Self.reproduced * errorWithoutOne(of: trial, at: tap)
    }
    return isReproduced ? .reproduced : .none
  }
}
