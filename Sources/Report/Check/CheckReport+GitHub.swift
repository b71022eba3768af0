import Regression

extension CheckReport {
  /// Workflow commands that put a mark on each failing case's manifest.
  package var gitHubAnnotations: [String] {
    result.cases.flatMap { one in
      one.failures.map { failure in
        "::error file=\(Self.property(one.path)),line=1,"
          + "title=\(Self.property("encoder-diff: \(one.name) (\(failure.kind.rawValue))"))"
          + "::\(Self.message(failure.message))"
      }
        + one.notes.map {
          "::notice file=\(Self.property(one.path)),line=1,"
            + "title=\(Self.property("encoder-diff: \(one.name)"))::\(Self.message($0))"
        }
    }
  }

  /// The step's summary in Markdown.
  package var gitHubSummary: String {
    let failed = result.cases.count - result.numPassed
    var lines = [
      "### encoder-diff check: \(result.numPassed) of \(result.cases.count) cases passed", "",
    ]
    if failed > 0 {
      lines += ["| case | verdict | why |", "| --- | --- | --- |"]
      for one in result.cases where !one.hasPassed {
        let reasons = one.failures.map { Self.cell($0.message) }.joined(separator: "<br>")
        lines.append("| `\(Self.cell(one.name))` | \(Self.cell(one.outcome)) | \(reasons) |")
      }
      lines.append("")
    }
    lines += ["<details><summary>every case</summary>", "", "| case | verdict | relative L2 | s |"]
    lines.append("| --- | --- | --- | ---: |")
    for one in result.cases {
      lines.append(
        "| \(one.hasPassed ? "✓" : "✗") `\(Self.cell(one.name))` | \(Self.cell(one.outcome)) | "
          + "\(Self.cell(one.finalErrors)) | \(Numbers.fixed(one.seconds, decimals: 2)) |")
    }
    return (lines + ["", "</details>", ""]).joined(separator: "\n")
  }

  private static func cell(_ text: String) -> String {
    text.replacing("|", with: "\\|").replacing("\n", with: " ").replacing("<", with: "&lt;")
  }

  private static func message(_ text: String) -> String {
    text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
  }

  private static func property(_ text: String) -> String {
    message(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
  }
}
