package import Parity

/// What became of one case.
package struct CaseResult: Sendable {
  package var name: String
  /// The manifest.
  package var path: String
  package var candidates: [CandidateResult]
  package var failures: [CheckFailure]
  /// What is worth knowing though it fails nothing.
  package var notes: [String]
  package var seconds: Double

  package init(
    name: String, path: String, candidates: [CandidateResult] = [], failures: [CheckFailure] = [],
    notes: [String] = [], seconds: Double = 0
  ) {
    self.name = name
    self.path = path
    self.candidates = candidates
    self.failures = failures
    self.notes = notes
    self.seconds = seconds
  }

  package var hasPassed: Bool { failures.isEmpty }

  /// Whether the case could not be run at all.
  package var isTrouble: Bool { failures.contains { $0.kind == .trouble } }

  /// Takes back what is only about a baseline that is going to be replaced.
  package mutating func acceptFigures() {
    failures.removeAll { $0.kind == .drift || $0.kind == .baseline }
    notes = []
  }

  /// The figures that a baseline keeps.
  package var figures: [String: CandidateFigures] {
    Dictionary(candidates.map { ($0.backend, CandidateFigures($0)) }) { first, _ in first }
  }
}

/// One reason why a case fails.
package struct CheckFailure: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case verdict, golden, transcript, drift, baseline, budget, trouble
  }

  package var kind: Kind
  /// Whose fault it is; `nil` for the whole case.
  package var candidate: String?
  /// The operation that introduced it, where one did.
  package var tap: String?
  package var message: String

  package init(_ kind: Kind, _ message: String, candidate: String? = nil, tap: String? = nil) {
    self.kind = kind
    self.candidate = candidate
    self.tap = tap
    self.message = message
  }
}

/// Every case that was run.
package struct CheckResult: Sendable {
  package var folder: String
  package var cases: [CaseResult]
  /// What `--update` changed in the baseline.
  package var changes: [BaselineChange]

  package init(folder: String, cases: [CaseResult], changes: [BaselineChange] = []) {
    self.folder = folder
    self.cases = cases
    self.changes = changes
  }

  package var numPassed: Int { cases.count { $0.hasPassed } }
  package var isTrouble: Bool { cases.contains { $0.isTrouble } }
}
