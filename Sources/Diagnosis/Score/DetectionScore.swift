package import Parity

/// Whether verdicts stand exactly where faults were put, case by case: the table of detection.
package struct DetectionScore: Sendable {
  /// One candidate with known faults.
  package struct Row: Sendable {
    /// Faults as `--inject` reads them; none for a sound candidate.
    package var faults: [String]
    /// Whether all of them are deliberate differences or without effect on the output.
    package var isBenign: Bool
    /// Observed taps at which the faults must show, in program order.
    package var expected: [String]
    /// Observed taps at which an introduced error was found, in program order.
    package var found: [TapResult]
    /// Introduced error at expected taps that were not found: what the judge saw there.
    package var missed: [TapResult]

    /// Expected taps whose precision was named wrongly.
    package var misnamed: [String] = []

    /// Found taps that no fault touches.
    package var falseAlarms: [String] { found.map(\.tap).filter { !expected.contains($0) } }
    /// Whether the faults show exactly at their sites.
    package var isExact: Bool { missed.isEmpty && falseAlarms.isEmpty && misnamed.isEmpty }
  }

  package var rows: [Row] = []

  package init(rows: [Row] = []) { self.rows = rows }

  package var numExact: Int { rows.count { $0.isExact } }
  package var numMissed: Int { rows.count { !$0.missed.isEmpty } }
  package var numMisnamed: Int { rows.count { !$0.misnamed.isEmpty } }
  package var numFalseAlarms: Int { rows.count { !$0.falseAlarms.isEmpty } }
  /// Cases with every fault found and nothing else, of all; `nil` where there are none.
  package var share: Double? {
    rows.isEmpty ? nil : Double(numExact) / Double(rows.count)
  }
}
