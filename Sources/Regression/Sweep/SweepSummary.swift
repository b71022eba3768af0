/// A corpus at a glance: for every candidate and tap the verdicts and how the errors are spread.
/// Parts merge in any order to the same bits.
package struct SweepSummary: Sendable {
  package struct TapSummary: Sendable, Hashable {
    package var verdicts: [String: Int] = [:]
    package var relativeL2 = FigureSummary()
    package var maxAbs = FigureSummary()
    package var introduced = FigureSummary()
    package var ratio = FigureSummary()

    package init() {}
  }

  package struct CandidateSummary: Sendable {
    package var verdicts: [String: Int] = [:]
    /// How often each tap was the first divergence.
    package var firstDivergences: [String: Int] = [:]
    /// In program order.
    package private(set) var tapNames: [String] = []
    package private(set) var taps: [String: TapSummary] = [:]

    mutating func add(_ tap: SweepLine.Tap, case name: String) {
      if taps[tap.name] == nil { tapNames.append(tap.name) }
      var summary = taps[tap.name] ?? TapSummary()
      summary.verdicts[tap.verdict, default: 0] += 1
      if let value = tap.relativeL2 { summary.relativeL2.add(value, case: name) }
      if let value = tap.maxAbs { summary.maxAbs.add(value, case: name) }
      if let value = tap.introduced { summary.introduced.add(value, case: name) }
      if let value = tap.ratio { summary.ratio.add(value, case: name) }
      taps[tap.name] = summary
    }
  }

  /// What was compared; `nil` where no part says it.
  package private(set) var settings: SweepSettings?
  /// In the order of their first appearance.
  package private(set) var candidateNames: [String] = []
  package private(set) var candidates: [String: CandidateSummary] = [:]
  /// Cases that were compared.
  package private(set) var numCases = 0
  /// Inputs that could not be compared, with the reason.
  package private(set) var troubles: [String: String] = [:]
  /// Cases that appear again, and lines that are torn.
  package private(set) var numRepeated = 0
  package private(set) var numTorn = 0
  /// Cases that diverged.
  package private(set) var divergentCases: [String] = []
  private var seen: Set<String> = []

  package init() {}

  /// Adds the text of one line of a part; torn lines and repeated cases are counted and left out.
  /// - Throws: `CaseError` where the part is of other settings than those before.
  package mutating func add(line text: String, of part: String) throws(CaseError) {
    switch SweepRecord(text) {
    case .window(let line): add(line)
    case .settings(let found):
      if let settings, let difference = found.difference(from: settings) {
        throw CaseError(
          path: part, line: nil,
          reason: "holds a sweep of \(difference); merge parts of one sweep")
      }
      settings = settings ?? found
    case nil: numTorn += 1
    }
  }

  package mutating func add(_ line: SweepLine) {
    if let trouble = line.trouble {
      troubles[line.input] = trouble
      return
    }
    troubles[line.input] = nil
    guard seen.insert(line.name).inserted else {
      numRepeated += 1
      return
    }
    numCases += 1
    for candidate in line.candidates {
      if candidates[candidate.backend] == nil { candidateNames.append(candidate.backend) }
      var summary = candidates[candidate.backend] ?? CandidateSummary()
      summary.verdicts[candidate.verdict, default: 0] += 1
      if let first = candidate.first { summary.firstDivergences[first, default: 0] += 1 }
      for tap in candidate.taps { summary.add(tap, case: line.name) }
      candidates[candidate.backend] = summary
    }
    if line.candidates.contains(where: { $0.verdict != "parity" }) {
      divergentCases.append(line.name)
    }
  }

  package var isParity: Bool { divergentCases.isEmpty }
}
