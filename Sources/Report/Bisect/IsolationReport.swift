package import Diagnosis
package import Parity
package import TensorIO

/// What `bisect --isolate` has to tell: one operation of every backend on the same inputs.
package struct IsolationReport: Sendable {
  package struct Row: Sendable {
    package var backend: String
    package var input: IsolationInput
    package var error: IntroducedError

    package init(backend: String, input: IsolationInput, error: IntroducedError) {
      self.backend = backend
      self.input = input
      self.error = error
    }
  }

  package var tap: String
  package var inputs: [String]
  package var rows: [Row] = []

  package init(tap: String, inputs: [String]) {
    self.tap = tap
    self.inputs = inputs
  }

  /// Whether no backend introduced an error.
  package var isSound: Bool { !rows.contains { $0.error.verdict.isDivergence } }

  package func lines(_ canvas: TextCanvas) -> [String] {
    var table = TextTable([
      .init("input", .left), .init("backend", .left), .init("rel L2"), .init("max |Δ|"),
      .init("bound"), .init("of bound"), .init("verdict", .left),
    ])
    for row in rows.sorted(by: { order($0) < order($1) }) {
      table.add([
        .init(row.input.rawValue), .init(row.backend),
        .init(Numbers.scientific(row.error.relativeL2)),
        .init(Numbers.scientific(row.error.maxAbs)), .init(Numbers.scientific(row.error.bound)),
        .init(TapTable.ratio(row.error.worstRatio)),
        .init(row.error.verdict.text, row.error.verdict.style),
      ])
    }
    let title = "\(canvas.styled(tap, .bold)) alone, from \(inputs.joined(separator: ", "))"
    return [title] + table.lines(canvas)
  }

  private func order(_ row: Row) -> Int {
    IsolationInput.allCases.firstIndex(of: row.input) ?? 0
  }

  /// The document `encoder-diff.isolate/1`.
  package var json: JSONValue {
    .members([
      "schema": .string("encoder-diff.isolate/1"), "tap": .string(tap),
      "results": .array(
        rows.map {
          .members([
            "backend": .string($0.backend), "input": .string($0.input.rawValue),
            "introduced": $0.error.json,
          ])
        }),
    ])
  }
}
