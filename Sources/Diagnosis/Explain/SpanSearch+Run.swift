import EncoderModel
import Faults
import Parity

/// What became of one span.
struct SpanOutcome {
  var causes: [ProvedCause] = []
  var likely: [ProvedCause] = []
  var clues: [ValueClue] = []
  var unexplained: [Unexplained] = []
  var notes: [String] = []
}

/// The order in which hypotheses are tried.
extension SpanSearch {
  /// Explains the divergent taps: single faults, fitted parameters, pairs, values.
  func run() -> SpanOutcome {
    var outcome = SpanOutcome()
    var open = Set(span.divergent)
    var tried: [Trial] = []
    func settle(_ trials: [Trial], isNew: Bool = true) {
      if isNew { tried += trials }
      let causes = provedCauses(trials, open: open)
      outcome.causes += causes
      for cause in causes { open.subtract(cause.covered) }
    }
    let reduced = Set(open.filter(isReducedPrecision))
    let all = orderedSingles()
    // Where the judge speaks of reduced precision, that is looked at first.
    settle(
      trials(of: all, at: open, activity: "single faults") { trial in
        trial.hypothesis.isOfPrecision
          || !open.intersection(trial.predicted.keys).isSubset(of: reduced)
      })
    if !open.isDisjoint(with: reduced) {
      let rest = all.filter { !$0.isOfPrecision }
      settle(
        trials(of: rest, at: open.intersection(reduced), activity: "single faults"))
    }
    let isCutShort = .now > deadline
    deadline = whole == nil ? .now + .seconds(context.budgetSeconds) : end(of: Self.pairsShare)
    if !open.isEmpty { settle(fittedTrials(tried, at: open)) }
    if !open.isEmpty, allowPrecisions() { settle(tried, isNew: false) }
    // Finding out a precision of whole encoders takes long.
    if whole != nil, isStructural {
      for tap in span.divergent where open.contains(tap) {
        settle(pairTrials(tried, at: tap, open: open))
      }
    }
    if !open.isEmpty, .now < deadline, inferPrecision() {
      settle(tried.filter(\.hypothesis.isOfPrecision), isNew: false)
    }
    // Roundings that reproduce the values describe them; those that are of their size only do not.
    var described: [String: ValueClue?] = [:]
    for tap in span.divergent where open.contains(tap) && !isReproducedPrecision(tap) {
      let found = ValueClue.find(at: tap, in: self)
      described[tap] = .some(found)
      guard let clue = found, clue.isProved(in: self) else { continue }
      outcome.clues.append(clue)
      open.remove(tap)
    }
    if !open.isEmpty {
      acceptWideBounds()
      settle(tried.filter(\.hypothesis.isOfPrecision), isNew: false)
    }
    for tap in span.divergent
    where open.contains(tap) && !reduced.contains(tap) && (whole == nil || !isStructural) {
      settle(pairTrials(tried, at: tap, open: open))
    }
    if isCutShort || .now > deadline, !open.isEmpty {
      outcome.notes.append(
        "the search was cut short at \(context.budgetSeconds) s; a larger --budget may find more")
    }
    conclude(&outcome, open: open, tried: tried, described)
    return outcome
  }

  /// Whether the judge speaks of a reduced precision at a tap.
  func isReducedPrecision(_ tap: String) -> Bool {
    if case .reducedPrecision? = introduced[tap]?.verdict { true } else { false }
  }

  /// Whether the judge reproduced a tap by rounding.
  private func isReproducedPrecision(_ tap: String) -> Bool {
    guard isReducedPrecision(tap), let error = introduced[tap] else { return false }
    return whole != nil || error.reproductionL2 != nil
      || error.evidence?.hasPrefix("results rounded") ?? false
  }

  /// All single hypotheses of the span, in an order that finds likely ones early where whole encoders
  /// are run: small faults first where the error is small.
  private func orderedSingles() -> [Hypothesis] {
    // What is wrong in one block is wrong in all more often than not.
    var hypotheses =
      source.systematic(in: span.stages)
      + source.singles(in: span.stages) { whole == nil || !$0.isEngineWide }
    if span.stages.first == .stem, !shelf.shown.contains("mel"), context.frontEnd != nil {
      hypotheses += MelSearch.singles
    }
    guard whole != nil else { return hypotheses }
    let error = soundResiduals.values.max() ?? .infinity
    var places: [[Int]: Int] = [:]
    func rank(_ hypothesis: Hypothesis) -> [Int] {
      let isSmall = hypothesis.faults.allSatisfy(\.fault.isSmall) && hypothesis.frontEnd.isEmpty
      // Few bits everywhere make a large error, in one place they do not.
      let unlikely =
        error > 0.1 ? isSmall && !hypothesis.isSystematic : error < 1e-2 ? !isSmall : false
      let generic = hypothesis.faults.contains { $0.fault.genericness >= 0.5 }
      // A quantiser goes through all weights, and has many schemes.
      let isOddlyQuantised =
        !hypothesis.isSystematic
        && hypothesis.faults.contains { $0.fault.slug == "weights-quantized" }
      let kind = isOddlyQuantised ? 4 : (unlikely ? 2 : 0) + (generic ? 1 : 0)
      let depth = depth(of: hypothesis)
      // Stages take turns, the last one first: all have been asked when time is up.
      let place = places[[kind, depth], default: 0]
      places[[kind, depth]] = place + 1
      return [kind, place, -depth]
    }
    return hypotheses.map { (rank($0), $0) }
      .sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
  }

  /// The first stage that a hypothesis changes, by position in the encoder.
  func depth(of hypothesis: Hypothesis) -> Int {
    hypothesis.faults.compactMap { fault in
      context.program.node(named: fault.site).flatMap { node in
        context.program.stages.firstIndex(of: node.stage)
      }
    }.min() ?? 0
  }

  /// What is left: a likely cause, the judge's precision, or what is known of the values.
  private func conclude(
    _ outcome: inout SpanOutcome, open: Set<String>, tried: [Trial],
    _ described: [String: ValueClue?]
  ) {
    for tap in span.divergent where open.contains(tap) {
      if let likely = likelyCause(at: tap, tried) {
        outcome.likely.append(likely)
        continue
      }
      if let clue = ValueClue.precision(introduced[tap], at: tap, in: self) {
        outcome.clues.append(clue)
        continue
      }
      let description = described[tap] ?? ValueClue.find(at: tap, in: self)
      var clues = description.map { [$0.text] } ?? []
      if let activation = ValueClue.activation(at: tap, in: self) { clues.append(activation) }
      if let place = ValueClue.place(at: tap, in: self) { clues.append(place) }
      let best = tried.filter { ($0.residuals[tap] ?? .infinity).isFinite }
        .min { ($0.residuals[tap] ?? .infinity) < ($1.residuals[tap] ?? .infinity) }
      if let best, let residual = best.residuals[tap] {
        clues.append(
          "nearest of \(tried.count) hypotheses: \(best.hypothesis.title), which leaves "
            + Figure.short(residual))
      }
      outcome.unexplained.append(
        Unexplained(
          tap: tap, verdict: introduced[tap]?.verdict.text ?? "structural",
          error: introduced[tap]?.relativeL2 ?? soundResiduals[tap], clues: clues))
    }
  }

  /// A hypothesis that takes nine tenths of the error away where the next one leaves at least five
  /// times as much.
  private func likelyCause(at tap: String, _ tried: [Trial]) -> ProvedCause? {
    let ranked = tried.filter { $0.predicted[tap] != nil }
      .sorted { ($0.residuals[tap] ?? .infinity) < ($1.residuals[tap] ?? .infinity) }
    guard let best = ranked.first, let residual = best.residuals[tap],
      let error = soundResiduals[tap], residual.isFinite, residual <= error / 10
    else { return nil }
    let near = ranked.dropFirst().filter { $0.residuals[tap] ?? .infinity <= 1.5 * residual }
    let next = ranked.dropFirst(near.count + 1).first
    guard (next?.residuals[tap] ?? .infinity) >= 5 * residual else { return nil }
    let ties = [best] + near
    let chosen = ties.min { $0.hypothesis.prior < $1.hypothesis.prior } ?? best
    return ProvedCause(
      trial: chosen, fit: .none, covered: [tap],
      equivalents: ties.filter { $0.hypothesis.key != chosen.hypothesis.key }, runnerUp: next)
  }
}

extension Hypothesis {
  /// Whether every fault in it is one of precision.
  var isOfPrecision: Bool {
    frontEnd.isEmpty && !faults.isEmpty && faults.allSatisfy(\.fault.isOfPrecision)
  }
}
