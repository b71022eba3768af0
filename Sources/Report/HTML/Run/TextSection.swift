import Transcription

/// What the errors do to the text: each side's words, and the margins along the tokens.
struct TextSection {
  let section: TranscriptSection?

  var markup: String {
    switch section {
    case nil: ""
    case .absent(let reason): element("p", ["class": "note"], escaped(reason))
    case .compared(let report): compared(report)
    }
  }

  private func compared(_ report: TranscriptReport) -> String {
    let control = report.comparison.control
    var result =
      element("h3", [:], escaped(control.name)) + quotation(control.transcript)
    for (label, candidate) in zip(report.labels, report.comparison.candidates) {
      let mark: VerdictMark = candidate.isSameText ? .rounding : .structural
      result +=
        element(
          "h3", [:],
          escaped(label) + " "
            + VerdictMark.badge(
              mark, candidate.isSameText ? "the same text" : "another text",
              sign: candidate.isSameText ? "=" : "≠"))
        + quotation(candidate.transcript) + element("p", [:], escaped(candidate.outcome))
      let chart = MarginChart(steps: candidate.margins.steps).markup
      guard !chart.isEmpty else { continue }
      result += element(
        "figure", [:],
        chart
          + element(
            "figcaption", [:],
            "Blue: how far each token stands above the second best, in logits. Orange: how much "
              + "the candidate's error moves them. A token can flip only where orange reaches blue."
          ))
    }
    return result
  }

  private func quotation(_ transcript: Transcript) -> String {
    let text = transcript.hasNonFiniteLogits ? "(logits that are not finite)" : transcript.text
    return element("blockquote", [:], text.isEmpty ? "(nothing)" : escaped(text))
  }
}
