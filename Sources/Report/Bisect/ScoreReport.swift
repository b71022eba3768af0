package import Diagnosis
package import Parity
package import TensorIO

/// What `score` has to tell: how many injected faults were found, where, and as what.
package struct ScoreReport: Sendable {
  package var score: DetectionScore
  /// The candidate without a fault.
  package var sound: CandidateResult

  package init(score: DetectionScore, sound: CandidateResult) {
    self.score = score
    self.sound = sound
  }

  /// Whether every fault was found at its sites alone and nothing in the sound candidate.
  package var isPerfect: Bool {
    sound.verdict == .parity && score.numExact == score.rows.count
  }

  package func lines(_ canvas: TextCanvas, isQuiet: Bool = false) -> [String] {
    var table = TextTable([
      .init("fault", .left), .init("cases"), .init("exact"), .init("missed"),
      .init("elsewhere too"), .init("misnamed"),
    ])
    for (name, rows) in groups {
      let part = DetectionScore(rows: rows)
      table.add([
        .init(name), .init("\(rows.count)"), .init("\(part.numExact)"),
        .init("\(part.numMissed)", part.numMissed > 0 ? .bad : .plain),
        .init("\(part.numFalseAlarms)", part.numFalseAlarms > 0 ? .bad : .plain),
        .init("\(part.numMisnamed)", part.numMisnamed > 0 ? .bad : .plain),
      ])
    }
    var lines = isQuiet ? [] : table.lines(canvas)
    for row in score.rows where !row.isExact { lines.append(complaint(row)) }
    lines.append(
      "\(score.numExact) of \(score.rows.count) cases: found at the fault's sites and nowhere else, "
        + "as what it is; without a fault: \(sound.verdict.rawValue)")
    return lines
  }

  /// Rows by fault, pairs together, in order of appearance.
  private var groups: [(name: String, rows: [DetectionScore.Row])] {
    var names: [String] = []
    var groups: [String: [DetectionScore.Row]] = [:]
    for row in score.rows {
      let name =
        row.faults.count == 1
        ? String(row.faults[0].prefix { $0 != "=" && $0 != "@" }) : "\(row.faults.count) faults"
      if groups[name] == nil { names.append(name) }
      groups[name, default: []].append(row)
    }
    return names.map { ($0, groups[$0] ?? []) }
  }

  private func complaint(_ row: DetectionScore.Row) -> String {
    var parts: [String] = []
    if !row.missed.isEmpty {
      parts.append(
        "missed at "
          + row.missed.map {
            "\($0.tap) (\(TapTable.ratio($0.introduced?.worstRatio ?? 0)) of its bound)"
          }.joined(separator: ", "))
    }
    if !row.falseAlarms.isEmpty {
      parts.append("found at \(row.falseAlarms.joined(separator: ", ")) too")
    }
    for tap in row.found where row.misnamed.contains(tap.tap) {
      parts.append("called \((tap.introduced?.verdict ?? tap.verdict).text) at \(tap.tap)")
    }
    return "\(row.faults.joined(separator: " + ")): \(parts.joined(separator: "; "))"
  }

  /// The document `encoder-diff.score/1`.
  package var json: JSONValue {
    .members([
      "schema": .string("encoder-diff.score/1"), "cases": .integer(score.rows.count),
      "exact": .integer(score.numExact), "missed": .integer(score.numMissed),
      "falseAlarms": .integer(score.numFalseAlarms), "misnamed": .integer(score.numMisnamed),
      "sound": .string(sound.verdict.rawValue),
      "rows": .array(
        score.rows.map { row in
          .members([
            "faults": .array(row.faults.map { .string($0) }),
            "expected": .array(row.expected.map { .string($0) }),
            "found": .array(row.found.map { .string($0.tap) }), "exact": .bool(row.isExact),
          ])
        }),
    ])
  }
}
