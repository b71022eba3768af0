import Regression

extension CheckReport {
  /// The cases as JUnit XML: what CI servers read.
  package var junit: String {
    let seconds = result.cases.reduce(0) { $0 + $1.seconds }
    let failed = result.cases.count { !$0.hasPassed && !$0.isTrouble }
    let errors = result.cases.count { $0.isTrouble }
    let counts =
      "tests=\"\(result.cases.count)\" failures=\"\(failed)\" errors=\"\(errors)\" "
      + "time=\"\(Numbers.fixed(seconds, decimals: 3))\""
    var lines = [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
      "<testsuites name=\"encoder-diff check\" \(counts)>",
      "  <testsuite name=\"\(xml(result.folder))\" \(counts)>",
    ]
    for one in result.cases {
      let head =
        "    <testcase classname=\"encoder-diff\" name=\"\(xml(one.name))\" file=\"\(xml(one.path))\" "
        + "time=\"\(Numbers.fixed(one.seconds, decimals: 3))\""
      guard !one.hasPassed else {
        lines.append("\(head)/>")
        continue
      }
      lines.append("\(head)>")
      for failure in one.failures {
        let kind = failure.kind == .trouble ? "error" : "failure"
        lines.append(
          "      <\(kind) type=\"\(failure.kind.rawValue)\" message=\"\(xml(failure.message))\"/>")
      }
      if let (candidate, taps) = one.failingTaps {
        let table = [candidate.title] + TapTable.table(taps).lines(TextCanvas())
        lines.append("      <system-out>\(xml(table.joined(separator: "\n")))</system-out>")
      }
      lines.append("    </testcase>")
    }
    return (lines + ["  </testsuite>", "</testsuites>", ""]).joined(separator: "\n")
  }
}

/// Text for XML; characters that XML 1.0 does not know are left out.
private func xml(_ text: String) -> String {
  let known = text.unicodeScalars.filter { $0.value >= 0x20 || [9, 10, 13].contains($0.value) }
  return escaped(String(String.UnicodeScalarView(known)))
}
