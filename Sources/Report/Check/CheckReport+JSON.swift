import Parity
import Regression
package import TensorIO

extension CheckReport {
  /// The document `encoder-diff.check/1`.
  package var json: JSONValue {
    .members([
      "schema": .string("encoder-diff.check/1"), "folder": .string(result.folder),
      "passed": .integer(result.numPassed),
      "failed": .integer(result.cases.count - result.numPassed),
      "cases": .array(result.cases.map(Self.json)),
      "baselineChanges": .array(
        result.changes.map { change in
          .members([
            "case": .string(change.name), "lines": .array(change.lines.map { .string($0) }),
          ])
        }),
    ])
  }

  private static func json(_ one: CaseResult) -> JSONValue {
    .members([
      "case": .string(one.name), "path": .string(one.path), "passed": .bool(one.hasPassed),
      "seconds": .figure(one.seconds),
      "failures": .array(
        one.failures.map { failure in
          .members([
            "kind": .string(failure.kind.rawValue), "message": .string(failure.message),
            "backend": .text(failure.candidate), "tap": .text(failure.tap),
          ])
        }),
      "notes": .array(one.notes.map { .string($0) }),
      "candidates": .array(
        one.candidates.map { candidate in
          let last = candidate.taps.last?.cumulative
          return .members([
            "backend": .string(candidate.backend),
            "faults": .array(candidate.faults.map { .string($0) }),
            "verdict": .string(candidate.verdict.rawValue),
            "firstDivergence": .text(candidate.firstDivergence),
            "relativeL2": .figure(last?.relativeL2), "maxAbs": .figure(last?.maxAbs),
          ])
        }),
    ])
  }
}
