import Transcription

extension TranscriptReport {
  /// The reference's text and a sentence a candidate: what `run` prints.
  func summary(_ canvas: TextCanvas) -> [String] {
    [canvas.styled("text", .dim) + "   \(shown(comparison.control.transcript, canvas))"]
      + sentences(canvas)
  }

  /// What became of the text with each candidate.
  func sentences(_ canvas: TextCanvas) -> [String] {
    zip(labels, comparison.candidates).map { label, candidate in
      let style: Style =
        candidate.isSameText && !candidate.transcript.hasNonFiniteLogits
        ? (candidate.margins.safetyFactor.map { $0 < 2 } ?? false ? .warning : .good) : .bad
      let parts = candidate.outcome.split(separator: ";", maxSplits: 1)
      let rest = parts.count > 1 ? ";\(parts[1])" : ""
      return canvas.styled(label, .bold) + ": "
        + canvas.styled(String(parts.first ?? ""), style) + rest
    }
  }

  /// Each side's text behind its name; long ones are broken at the terminal's width.
  func texts(_ canvas: TextCanvas) -> [String] {
    let sides =
      [(comparison.control.name, comparison.control.transcript)]
      + zip(labels, comparison.candidates).map { ($0, $1.transcript) }
    let width = sides.map(\.0.count).max() ?? 0
    return sides.flatMap { name, transcript in
      let margin = String(repeating: " ", count: width - name.count + 2)
      let indent = String(repeating: " ", count: width + 2)
      let lines = brokenLines(
        shown(transcript, canvas), width: canvas.width.map { max($0 - width - 2, 20) })
      return [canvas.styled(name, .bold) + margin + (lines.first ?? "")]
        + lines.dropFirst().map { indent + $0 }
    }
  }

  private func shown(_ transcript: Transcript, _ canvas: TextCanvas) -> String {
    if transcript.hasNonFiniteLogits { return canvas.styled("(logits that are not finite)", .bad) }
    let text = transcript.timedText ?? transcript.text
    return text.isEmpty ? canvas.styled("(nothing)", .dim) : text
  }

  /// A row a candidate: word error rates and margins.
  func figures(_ canvas: TextCanvas) -> [String] {
    let hasText = comparison.control.referenceText != nil
    var columns: [TextTable.Column] = [.init("encoder", .left)]
    if hasText { columns.append(.init("WER")) }
    columns += [
      .init("WER to \(comparison.control.name)"), .init("smallest margin"),
      .init("end of text", expendability: 2), .init("logit change"),
      .init("KL", expendability: 1), .init("safe by"),
    ]
    var table = TextTable(columns)
    let control = comparison.control
    table.add(row(control.name, control.wordErrors, nil, hasText, nil))
    for (label, candidate) in zip(labels, comparison.candidates) {
      table.add(
        row(
          label, candidate.wordErrors, candidate.wordErrorsAgainstControl, hasText,
          candidate.margins))
    }
    return table.lines(canvas, indent: 0)
  }

  private func row(
    _ name: String, _ errors: WordErrors?, _ against: WordErrors?, _ hasText: Bool,
    _ margins: DecisionMargins?
  ) -> [TextTable.Cell] {
    func figure(_ value: Double?) -> TextTable.Cell {
      .init(margins == nil ? "" : Numbers.compact(value, digits: 2))
    }
    var cells: [TextTable.Cell] = [.init(name)]
    if hasText { cells.append(.init(percent(errors))) }
    return cells + [
      .init(percent(against)), figure(margins?.smallestMargin),
      figure(margins?.smallestEndOfTextMargin), figure(margins?.largestChange),
      figure(margins?.largestDivergence), figure(margins?.safetyFactor),
    ]
  }

  private func percent(_ errors: WordErrors?) -> String {
    guard let errors else { return "" }
    guard let rate = errors.rate else { return "\(errors.edits.count) words too many" }
    return "\(Numbers.fixed(100 * rate, decimals: 1)) %"
  }

  /// A row a decision, for one candidate.
  func steps(of index: Int, _ canvas: TextCanvas) -> [String] {
    var table = TextTable([
      .init("window"), .init("token"), .init("reference", .left), .init("runner-up", .left),
      .init("margin"), .init("end of text"), .init("logit change"), .init("KL"),
      .init("becomes", .left),
    ])
    for step in comparison.candidates[index].margins.steps {
      let figures = [
        step.margin, step.endOfTextMargin, step.decisiveChange, step.divergence,
      ].map { TextTable.Cell(Numbers.compact($0, digits: 2)) }
      table.add(
        [
          .init("\(step.window)", .dim), .init("\(step.index + 1)", .dim), .init(step.token),
          .init(step.runnerUp ?? ""),
        ] + figures + [.init(step.flippedTo ?? "", .bad)])
    }
    return [canvas.styled(labels[index], .bold)] + table.lines(canvas)
  }
}

extension TranscribeReport {
  /// What `transcribe` prints; texts and sentences only where `isQuiet`.
  package func lines(_ canvas: TextCanvas, isQuiet: Bool = false) -> [String] {
    var lines: [String] = []
    if !isQuiet {
      lines = [
        canvas.styled("model", .dim) + "  \(model.name)  " + canvas.styled(model.summary, .dim),
        canvas.styled("input", .dim) + "  \(input.description)" + windowNote(canvas), "",
      ]
    }
    lines += transcript.texts(canvas) + [""]
    if !isQuiet { lines += transcript.figures(canvas) + [""] }
    if canvas.isVerbose {
      for index in transcript.labels.indices { lines += transcript.steps(of: index, canvas) + [""] }
    }
    lines += transcript.sentences(canvas)
    if let harness = transcript.comparison.harnessSentence { lines.append(harness) }
    return lines
  }

  private func windowNote(_ canvas: TextCanvas) -> String {
    guard input.numWindows > 1 else { return "" }
    if windows.count == input.numWindows {
      return canvas.styled(", all \(windows.count) windows", .dim)
    }
    return canvas.styled(
      ", window \(windows.first ?? 0) of \(input.numWindows) (--window all reads every one)", .dim)
  }
}

/// Breaks `text` between words into lines of at most `width` characters; `nil` breaks nothing.
func brokenLines(_ text: String, width: Int?) -> [String] {
  guard let width, text.count > width else { return [text] }
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ") {
    if !line.isEmpty && line.count + 1 + word.count > width {
      lines.append(line)
      line = ""
    }
    line += (line.isEmpty ? "" : " ") + word
  }
  return lines + [line]
}
