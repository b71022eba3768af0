import Diagnosis
package import TensorIO

extension ExplainReport {
  /// `encoder-diff.explain/1`.
  package var json: JSONValue {
    .members([
      "schema": .string("encoder-diff.explain/1"),
      "model": .members([
        "name": .string(model.name), "format": .string(model.format),
        "encoderWeightsHash": .string(model.encoderWeightsHash),
      ]),
      "input": .members(["path": .string(input.path), "hash": .string(input.hash)]),
      "candidate": .string(explanation.candidate),
      "faults": .array(injected.map { .string($0) }),
      "verdict": .string(isDivergent ? "divergent" : "parity"),
      "findings": .array(explanation.findings.flatMap(findings)),
      "unexplained": .array(explanation.unexplained.map { .string($0.tap) }),
      "clues": .array(explanation.unexplained.map(clue)),
      "transcript": transcriptJSON, "repair": repairJSON,
      "notes": .array(explanation.notes.map { .string($0) }),
      "numTaps": .integer(explanation.taps.count),
    ])
  }

  /// One entry for each site.
  private func findings(_ finding: Finding) -> [JSONValue] {
    finding.sites.map { site in
      .members([
        "tap": .string(site), "fault": .string(finding.slug), "name": .string(finding.name),
        "ids": .array(finding.ids.map { .integer($0) }), "residual": .figure(finding.residual),
        "runnerUp": finding.runnerUp.map(rival) ?? .null, "benign": .bool(finding.isBenign),
        "confidence": .string(finding.confidence.rawValue), "summary": .string(finding.summary),
        "remedy": .string(finding.remedy),
        "shownAt": .array(finding.shownAt.map { .string($0) }),
        "sites": .array(finding.sites.map { .string($0) }),
        "equivalents": .array(finding.equivalents.map(rival)),
        "together": .array(finding.together.map { .string($0) }),
        "outputEffect": .figure(finding.outputEffect), "note": .text(finding.note),
      ])
    }
  }

  private func rival(_ rival: Finding.Rival) -> JSONValue {
    .members(["fault": .string(rival.name), "residual": .figure(rival.residual)])
  }

  private func clue(_ unexplained: Unexplained) -> JSONValue {
    .members([
      "tap": .string(unexplained.tap), "verdict": .string(unexplained.verdict),
      "relativeL2": .figure(unexplained.error),
      "clues": .array(unexplained.clues.map { .string($0) }),
    ])
  }

  private var transcriptJSON: JSONValue {
    guard let transcript else { return .null }
    return .members([
      "control": .string(transcript.control), "candidate": .string(transcript.candidate),
      "repaired": .string(transcript.repaired),
      "breaksAtToken": transcript.breaksAt.map { .integer($0) } ?? .null,
      "numTokens": .integer(transcript.numTokens),
      "isRepairedIdentical": .bool(transcript.isRepairedIdentical),
    ])
  }

  private var repairJSON: JSONValue {
    guard let repair = explanation.repair else { return .null }
    return .members([
      "outputBefore": .figure(repair.before), "outputAfter": .figure(repair.after),
      "melBefore": .figure(repair.melBefore), "melAfter": .figure(repair.melAfter),
    ])
  }
}
