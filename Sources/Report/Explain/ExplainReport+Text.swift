import Diagnosis

extension ExplainReport {
  /// The text of the terminal: a line for each cause, its remedy below it.
  package func lines(_ canvas: TextCanvas, isQuiet: Bool = false) -> [String] {
    var lines: [String] = []
    if !isQuiet {
      lines.append(canvas.styled("\(explanation.candidate.printable) against \(model.name)", .dim))
      if !injected.isEmpty {
        lines.append(canvas.styled("injected: \(injected.joined(separator: ", "))", .dim))
      }
    }
    let groups = FindingGroup.all(explanation.findings)
    let width = min(
      34,
      (groups.map(\.place.count) + explanation.unexplained.map(\.tap.count) + [10]).max() ?? 10)
    for group in groups { lines += self.lines(group, width, canvas, isQuiet) }
    for unexplained in explanation.unexplained {
      lines.append(
        canvas.styled(padded(unexplained.tap, width), .bad)
          + "  unexplained: \(unexplained.verdict)"
          + (unexplained.error.map { ", relative L2 \(Numbers.scientific($0))" } ?? ""))
      lines += unexplained.clues.map { String(repeating: " ", count: width + 2) + $0 }
    }
    if let transcript {
      lines.append(
        padded("transcript", width) + "  "
          + transcript.sentence(numCauses: groups.count))
    }
    lines += repairLines(width)
    if explanation.findings.isEmpty && explanation.unexplained.isEmpty {
      let count = explanation.taps.count
      lines.append(
        "nothing to explain: \(count) \(count == 1 ? "tap" : "taps") compared, every error is rounding"
      )
    }
    if !isQuiet { lines += explanation.notes.map { canvas.styled($0, .dim) } }
    return lines
  }

  private func lines(
    _ group: FindingGroup, _ width: Int, _ canvas: TextCanvas, _ isQuiet: Bool
  ) -> [String] {
    let finding = group.first
    let margin = String(repeating: " ", count: width + 2)
    let rival =
      finding.runnerUp.map {
        "   (next best: \($0.name), \(Numbers.compact($0.residual, digits: 2)))"
      }
      ?? ""
    let tag =
      finding.isBenign ? "benign: " : finding.confidence == .likely ? "likely: " : ""
    let style: Style = finding.isBenign ? .note : finding.confidence == .likely ? .warning : .bad
    var lines = [
      canvas.styled(padded(group.place, width), style)
        + "  \(tag)\(finding.name): \(finding.summary)"
        + "   residual \(Numbers.scientific(group.residual))" + rival
    ]
    guard !isQuiet else { return lines }
    if group.sites.count > 1 { lines.append(margin + "at \(group.sitesText(canvas.isVerbose))") }
    if finding.shownAt != group.sites, group.sites.count == 1 {
      lines.append(margin + "shows at \(finding.shownAt.joined(separator: ", "))")
    }
    if !finding.together.isEmpty {
      lines.append(margin + "together with \(finding.together.joined(separator: ", "))")
    }
    if !finding.equivalents.isEmpty {
      let names = finding.equivalents.prefix(canvas.isVerbose ? 100 : 4).map(\.name)
      let more = finding.equivalents.count - names.count
      lines.append(
        margin + "these values cannot tell it from \(names.joined(separator: ", "))"
          + (more > 0 ? " and \(more) more" : ""))
    }
    if let effect = group.effectText, finding.note == nil {
      let whose = group.members.count > 1 ? "each " : ""
      lines.append(margin + "\(whose)moves the encoder's output by \(effect)")
    }
    if let note = finding.note { lines.append(margin + note) }
    lines.append(margin + canvas.styled("fix: \(finding.remedy)", .good))
    return lines
  }

  private func repairLines(_ width: Int) -> [String] {
    guard let repair = explanation.repair, verifiesFix else { return [] }
    var lines: [String] = []
    if let before = repair.melBefore, let after = repair.melAfter {
      lines.append(
        padded("repaired", width) + "  mel: relative L2 \(Numbers.compact(before, digits: 2)) → "
          + Numbers.compact(after, digits: 2))
    }
    if let before = repair.before, let after = repair.after {
      lines.append(
        padded("repaired", width)
          + "  encoder output: relative L2 \(Numbers.compact(before, digits: 2)) → "
          + Numbers.compact(after, digits: 2))
    }
    if let transcript {
      lines.append(padded("", width) + "  reference: \"\(transcript.control)\"")
      lines.append(padded("", width) + "  before:    \"\(transcript.candidate)\"")
      lines.append(padded("", width) + "  repaired:  \"\(transcript.repaired)\"")
    }
    return lines
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }
}

/// One habit of the port, found at many places, told once.
struct FindingGroup {
  private(set) var members: [Finding]

  var first: Finding { members[0] }
  var sites: [String] { members.flatMap(\.sites) }
  var residual: Double { members.map(\.residual).max() ?? 0 }

  /// What each does to the output, from the least to the most; `nil` where it was not looked at.
  var effectText: String? {
    let effects = members.compactMap(\.outputEffect)
    guard let least = effects.min(), let most = effects.max() else { return nil }
    let texts = [least, most].map { Numbers.compact($0, digits: 2) }
    return texts[0] == texts[1] ? texts[0] : texts.joined(separator: " … ")
  }

  var place: String { sites.count == 1 ? sites[0] : "\(sites.count) places" }

  func sitesText(_ isComplete: Bool) -> String {
    guard sites.count > 4, !isComplete, let last = sites.last else {
      return sites.joined(separator: ", ")
    }
    return sites.prefix(2).joined(separator: ", ") + ", … " + last
  }

  /// Findings of one name that stand alone are one group; the others keep their places.
  static func all(_ findings: [Finding]) -> [FindingGroup] {
    var groups: [FindingGroup] = []
    for finding in findings {
      let index = groups.firstIndex { group in
        group.first.name == finding.name && group.first.confidence == finding.confidence
          && group.first.isBenign == finding.isBenign && finding.together.isEmpty
          && group.first.together.isEmpty && !finding.sites.contains("mel")
      }
      if let index {
        groups[index].members.append(finding)
      } else {
        groups.append(FindingGroup(members: [finding]))
      }
    }
    return groups
  }
}
