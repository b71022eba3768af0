/// How the error of the encoder's output divides among the operations that introduced it.
package struct ErrorBudget: Sendable {
  /// One operation's part.
  package struct Entry: Sendable {
    package var tap: String
    /// ⟨what its introduced error becomes at the output, Δ⟩/‖Δ‖²; negative where it cancels others.
    package var share: Double
    /// Whether the part was measured by runs with and without the error, instead of linearly.
    package var isExact: Bool
  }

  /// Shares, the largest first.
  package var entries: [Entry]
  /// ‖Δ‖/‖reference‖ at the output.
  package var relativeL2: Double?
  /// Sum of all shares: 1 but for what linearisation leaves out.
  package var sum: Double { entries.reduce(0) { $0 + $1.share } }

  package init(entries: [Entry], relativeL2: Double?) {
    self.entries = entries.sorted { abs($0.share) > abs($1.share) }
    self.relativeL2 = relativeL2
  }

  /// `81 % of the final error comes from encoder.blocks.2.mlp.0, 9 % from …`; `nil` without error.
  package var sentence: String? {
    guard let first = entries.first, first.share > 0 else { return nil }
    let others = entries.dropFirst().prefix(2).filter { $0.share >= 0.05 }
    let tail = others.map { ", \(percent($0.share)) from \($0.tap)" }.joined()
    return "\(percent(first.share)) of the final error comes from \(first.tap)\(tail)"
      + " (all operations together: \(percent(sum)))"
  }

  private func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return abs(tenths) >= 100 ? "\(Int((share * 100).rounded())) %" : "\(Double(tenths) / 10) %"
  }
}
