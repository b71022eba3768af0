import Diagnosis

extension ExplainReport {
  /// A findings log: what was found, the evidence, figures before and after, what to change.
  package var markdown: String {
    var lines = [
      "# Findings: \(explanation.candidate)", "",
      "- model: \(model.name) (\(model.summary)), encoder weights `\(model.encoderWeightsHash)`",
      "- input: \(input.description)",
      "- taps compared: \(explanation.taps.count)",
      "- verdict: **\(isDivergent ? "divergent" : "parity")**", "",
    ]
    let groups = FindingGroup.all(explanation.findings)
    if groups.isEmpty && explanation.unexplained.isEmpty {
      lines += ["Every error is rounding.", ""]
    }
    for (index, group) in groups.enumerated() {
      lines += section(index + 1, group)
    }
    for unexplained in explanation.unexplained {
      lines += ["## Unexplained: `\(unexplained.tap)`", ""]
      lines.append(
        "\(unexplained.verdict)"
          + (unexplained.error.map { ", relative L2 \(Numbers.scientific($0))" } ?? "") + ".")
      lines += unexplained.clues.map { "- \($0)" } + [""]
    }
    lines += beforeAndAfter
    if !explanation.notes.isEmpty {
      lines += ["## Notes", ""] + explanation.notes.map { "- \($0)" } + [""]
    }
    return lines.joined(separator: "\n")
  }

  private func section(_ number: Int, _ group: FindingGroup) -> [String] {
    let finding = group.first
    var lines = [
      "## \(number). `\(finding.name)` at \(group.sitesText(true).quotedList)", "",
      finding.summary.sentence, "", "| evidence | |", "|---|---|",
      "| certainty | \(finding.confidence.rawValue)\(finding.isBenign ? ", benign" : "") |",
      "| residual with this cause in the reference | \(Numbers.scientific(group.residual)) |",
    ]
    if let rival = finding.runnerUp {
      lines.append("| next best | `\(rival.name)`, \(Numbers.compact(rival.residual, digits: 2)) |")
    }
    if !finding.equivalents.isEmpty {
      lines.append(
        "| not to be told apart from | "
          + finding.equivalents.map { "`\($0.name)`" }.joined(separator: ", ") + " |")
    }
    if !finding.together.isEmpty {
      lines.append(
        "| together with | " + finding.together.map { "`\($0)`" }.joined(separator: ", ") + " |")
    }
    if let effect = group.effectText {
      let title = (group.members.count > 1 ? "each " : "") + "moves the encoder's output by"
      lines.append("| \(title) | \(effect) |")
    }
    if let note = finding.note { lines.append("| remark | \(note) |") }
    return lines + ["", "**Change:** \(finding.remedy.sentence)", ""]
  }

  private var beforeAndAfter: [String] {
    guard let repair = explanation.repair else { return [] }
    var rows: [String] = []
    func row(_ name: String, _ before: Double?, _ after: Double?) {
      guard let before, let after else { return }
      rows.append("| \(name) | \(Numbers.scientific(before)) | \(Numbers.scientific(after)) |")
    }
    row("mel, relative L2", repair.melBefore, repair.melAfter)
    row("encoder output, relative L2", repair.before, repair.after)
    if let transcript {
      rows.append("| text | \(transcript.candidate) | \(transcript.repaired) |")
      rows.append("| text of the reference | \(transcript.control) | \(transcript.control) |")
    }
    guard !rows.isEmpty else { return [] }
    return ["## Before and after", "", "| | before | repaired |", "|---|---|---|"] + rows + [""]
  }
}

extension String {
  /// With a capital and a full stop.
  fileprivate var sentence: String {
    prefix(1).uppercased() + dropFirst() + (hasSuffix(".") ? "" : ".")
  }

  fileprivate var quotedList: String {
    split(separator: ", ").map { "`\($0)`" }.joined(separator: ", ")
  }
}
