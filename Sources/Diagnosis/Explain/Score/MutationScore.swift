import Faults

/// How often the right cause is named: one row a case, and shares over them.
package struct MutationScore: Sendable {
  package struct Row: Sendable {
    /// Where it was run: model, audio, taps shown.
    package var setting: String
    /// Faults as `--inject` reads them; none for a sound candidate.
    package var faults: [String]
    /// What the faults change at the shown taps is rounding: there is nothing to be found.
    package var isEquivalent: Bool
    package var isDetected: Bool
    /// Every fault is among the findings or what the values cannot tell from one.
    package var isNamed: Bool
    /// So is its site.
    package var isSited: Bool
    /// Findings that no fault accounts for.
    package var falseAlarms: [String]
    /// What was said instead, where the naming failed.
    package var found: [String]

    package init(
      setting: String, faults: [String], isEquivalent: Bool, isDetected: Bool, isNamed: Bool,
      isSited: Bool, falseAlarms: [String], found: [String]
    ) {
      self.setting = setting
      self.faults = faults
      self.isEquivalent = isEquivalent
      self.isDetected = isDetected
      self.isNamed = isNamed
      self.isSited = isSited
      self.falseAlarms = falseAlarms
      self.found = found
    }
  }

  package var rows: [Row] = []

  package init() {}

  /// Settings in the order in which they were added.
  package var settings: [String] {
    var seen: Set<String> = []
    return rows.map(\.setting).filter { seen.insert($0).inserted }
  }

  /// The rows of one setting.
  package func part(_ setting: String) -> MutationScore {
    var part = MutationScore()
    part.rows = rows.filter { $0.setting == setting }
    return part
  }

  /// Cases in which there is something to be found.
  package var effective: [Row] { rows.filter { !$0.isEquivalent && !$0.faults.isEmpty } }
  package var numEquivalent: Int { rows.count { $0.isEquivalent } }
  package var numFalseAlarms: Int { rows.reduce(0) { $0 + $1.falseAlarms.count } }

  /// The share of effective cases; `nil` where there are none.
  package func share(_ isRight: (Row) -> Bool) -> Double? {
    let all = effective
    return all.isEmpty ? nil : Double(all.count(where: isRight)) / Double(all.count)
  }
}
