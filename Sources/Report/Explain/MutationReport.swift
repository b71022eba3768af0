package import Diagnosis
package import TensorIO

/// The table of the mutation score.
package struct MutationReport: Sendable {
  package var score: MutationScore
  package var seed: UInt64

  package init(score: MutationScore, seed: UInt64) {
    self.score = score
    self.seed = seed
  }

  /// A row for each setting, then the cases that failed.
  package func lines(_ canvas: TextCanvas) -> [String] {
    var table = TextTable([
      .init("setting", .left), .init("cases"), .init("without effect", expendability: 1),
      .init("detected"), .init("named"), .init("at its site"), .init("false alarms"),
    ])
    for setting in score.settings {
      let part = score.part(setting)
      table.add([
        .init(setting), .init("\(part.rows.count)"), .init("\(part.numEquivalent)"),
        .init(percent(part.share(\.isDetected))), .init(percent(part.share(\.isNamed))),
        .init(percent(part.share(\.isSited))),
        .init("\(part.numFalseAlarms)", part.numFalseAlarms > 0 ? .bad : .plain),
      ])
    }
    return table.lines(canvas, indent: 0) + (canvas.isVerbose ? failures : [])
  }

  private var failures: [String] {
    score.rows.filter { !$0.falseAlarms.isEmpty || (!$0.isEquivalent && !$0.isSited) }.map { row in
      "\(row.setting): \(row.faults.joined(separator: " + ")): "
        + (row.isNamed ? row.falseAlarms.isEmpty ? "named at another site" : "also " : "")
        + (row.found + row.falseAlarms).prefix(4).joined(separator: ", ")
        + (row.isDetected ? "" : "not detected")
    }
  }

  private func percent(_ share: Double?) -> String {
    share.map { Numbers.fixed($0 * 100, decimals: 1) + " %" } ?? "–"
  }

  /// `encoder-diff.mutation-score/1`.
  package var json: JSONValue {
    .members([
      "schema": .string("encoder-diff.mutation-score/1"), "seed": .integer(Int(seed)),
      "settings": .array(
        score.settings.map { setting in
          let part = score.part(setting)
          return .members([
            "setting": .string(setting), "cases": .integer(part.rows.count),
            "withoutEffect": .integer(part.numEquivalent),
            "detected": .figure(part.share(\.isDetected)),
            "named": .figure(part.share(\.isNamed)), "sited": .figure(part.share(\.isSited)),
            "falseAlarms": .integer(part.numFalseAlarms),
          ])
        }), "failures": .array(failures.map { .string($0) }),
    ])
  }
}
