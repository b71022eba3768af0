import AudioFrontEnd
import EncoderModel
import Faults
import Parity

/// From what searches found to findings.
extension Explainer {
  func add(_ outcome: SpanOutcome, to explanation: inout Explanation) {
    var told: Set<String> = []
    for cause in outcome.causes {
      explanation.findings += findings(cause.without(told), .proved)
      told.formUnion(cause.trial.hypothesis.faults.map(\.description))
    }
    for cause in outcome.likely { explanation.findings += findings(cause, .likely) }
    for clue in outcome.clues { explanation.findings.append(finding(clue)) }
    explanation.unexplained += outcome.unexplained
    explanation.notes += outcome.notes
  }

  /// One finding for each fault; a systematic one is a single finding with many sites.
  private func findings(_ cause: ProvedCause, _ confidence: Finding.Confidence) -> [Finding] {
    let hypothesis = cause.trial.hypothesis
    let names = hypothesis.frontEnd.map(\.name) + hypothesis.faults.map(\.description)
    func finding(
      slug: String, name: String, ids: [Int], summary: String, remedy: String, sites: [String],
      isBenign: Bool, own: String?, rewrite: Hypothesis
    ) -> Finding {
      Finding(
        slug: slug, name: name, ids: ids, summary: summary, remedy: remedy, sites: sites,
        shownAt: cause.covered, confidence: confidence, residual: cause.residual,
        runnerUp: cause.runnerUp.map { rival($0, cause.covered) },
        equivalents: cause.equivalents.map { rival($0, cause.covered) }.filter {
          $0.name != hypothesis.title
        },
        together: hypothesis.isSystematic ? [] : names.filter { $0 != own }, isBenign: isBenign,
        outputEffect: nil, note: nil, hypothesis: rewrite)
    }
    var result = hypothesis.frontEnd.map { fault in
      finding(
        slug: fault.slug, name: fault.name, ids: fault.ids, summary: fault.summary,
        remedy: fault.remedy, sites: ["mel"],
        isBenign: fault.isBenign || isForgiven(fault.roundedFormat), own: fault.name,
        rewrite: Hypothesis(frontEnd: [fault]))
    }
    let groups =
      hypothesis.isSystematic ? [hypothesis.faults] : hypothesis.faults.map { [$0] }
    for group in groups {
      guard let first = group.first else { continue }
      result.append(
        finding(
          slug: first.fault.slug, name: first.name, ids: first.fault.ids,
          summary: first.fault.summary, remedy: first.fault.remedy, sites: group.map(\.site),
          isBenign: isBenign(first), own: first.description,
          rewrite: Hypothesis(faults: group, isSystematic: hypothesis.isSystematic)))
    }
    return result
  }

  /// A deliberate difference, or a precision that was declared.
  private func isBenign(_ instance: FaultInstance) -> Bool {
    if instance.fault.isBenign { return true }
    return isForgiven(instance.numberFormat)
  }

  /// Whether that precision was declared.
  private func isForgiven(_ format: NumberFormat?) -> Bool {
    guard let format, let expected = context.expected else { return false }
    return PrecisionClaim.expecting(expected).forgives(format)
  }

  private func rival(_ trial: Trial, _ taps: [String]) -> Finding.Rival {
    Finding.Rival(
      name: trial.hypothesis.title,
      summary: (trial.hypothesis.frontEnd.map(\.summary)
        + trial.hypothesis.faults.prefix(2).map(\.fault.summary)).joined(separator: "; "),
      residual: trial.worst(taps))
  }

  private func finding(_ clue: ValueClue) -> Finding {
    Finding(
      slug: clue.slug, name: clue.slug, ids: clue.ids, summary: clue.text, remedy: clue.remedy,
      sites: [clue.tap], shownAt: [clue.tap], confidence: clue.isLikelyOnly ? .likely : .proved,
      residual: clue.residual, runnerUp: nil, equivalents: [], together: [],
      isBenign: clue.isBenign, outputEffect: nil, note: nil, hypothesis: nil)
  }

  func add(_ outcome: MelSearch.Outcome, to explanation: inout Explanation) {
    if outcome.isSound { return }
    func rival(_ trial: MelSearch.Trial) -> Finding.Rival {
      Finding.Rival(
        name: trial.hypothesis.key,
        summary: trial.hypothesis.frontEnd.map(\.summary).joined(separator: "; "),
        residual: trial.residual)
    }
    guard let best = outcome.best else {
      let nearest = outcome.runnerUp.map {
        ["nearest: \($0.hypothesis.key), which leaves \(Figure.short($0.residual))"]
      }
      explanation.unexplained.append(
        Unexplained(
          tap: "mel", verdict: "structural", error: outcome.soundResidual,
          clues: (outcome.clue.map { [$0] } ?? []) + (nearest ?? [])))
      return
    }
    for fault in best.hypothesis.frontEnd {
      explanation.findings.append(
        Finding(
          slug: fault.slug, name: fault.name, ids: fault.ids, summary: fault.summary,
          remedy: fault.remedy, sites: ["mel"], shownAt: ["mel"],
          confidence: best.isRounding ? .proved : .likely, residual: best.residual,
          runnerUp: outcome.runnerUp.map(rival), equivalents: outcome.equivalents.map(rival),
          together: best.hypothesis.frontEnd.map(\.name).filter { $0 != fault.name },
          isBenign: fault.isBenign || isForgiven(fault.roundedFormat), outputEffect: nil, note: nil,
          hypothesis: Hypothesis(frontEnd: [fault])))
    }
  }
}

extension ProvedCause {
  /// The cause without those places of a habit that were told before; whole where none would be left.
  fileprivate func without(_ told: Set<String>) -> ProvedCause {
    guard trial.hypothesis.isSystematic else { return self }
    let new = trial.hypothesis.faults.filter { !told.contains($0.description) }
    guard !new.isEmpty else { return self }
    var rest = self
    rest.trial.hypothesis.faults = new
    return rest
  }
}
