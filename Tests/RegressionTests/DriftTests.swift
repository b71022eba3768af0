import Testing

@testable import Regression

/// What counts as a drift, and which operation is blamed with which figure.
@Suite struct DriftTests {
  private func figures(_ taps: [(String, Double?, Double?)]) -> CandidateFigures {
    CandidateFigures(
      verdict: "parity", firstDivergence: nil,
      taps: taps.map { ($0.0, TapErrors(cumulative: $0.1, introduced: $0.2)) })
  }

  @Test("the first operation whose own error has grown, with its own figure")
  func firstIntroduced() {
    let known = figures([("a", 1e-7, 1e-7), ("b", 1e-7, 1e-7), ("c", 1e-7, 1e-7)])
    let found = figures([("a", 1e-7, 1e-7), ("b", 5e-7, 4e-7), ("c", 9e-6, 8e-6)])
    #expect(
      Drift.between(found, known, factor: 2)
        == Drift(introducedAt: "b", tap: "b", found: 4e-7, known: 1e-7))
  }

  @Test("the largest growth of accumulated error, where no operation is worse by itself")
  func accumulated() {
    let known = figures([("a", 1e-7, 1e-7), ("b", 1e-7, 1e-7), ("c", 1e-7, 1e-7)])
    let found = figures([("a", 3e-7, 1e-7), ("b", 8e-7, 1e-7), ("c", 5e-7, 1e-7)])
    #expect(
      Drift.between(found, known, factor: 2)
        == Drift(introducedAt: nil, tap: "b", found: 8e-7, known: 1e-7))
  }

  @Test("no drift: within the factor, below one rounding, or of taps that nobody knew")
  func none() {
    let known = figures([("a", 1e-7, 1e-7), ("b", 1e-12, 1e-12), ("mel", 0, nil)])
    let found = figures([("a", 2e-7, 1.9e-7), ("b", 6e-8, 6e-8), ("mel", 0, nil), ("new", 1, 1)])
    #expect(Drift.between(found, known, factor: 2) == nil)
  }

  @Test("a figure that is gone has grown without end")
  func gone() {
    let drift = Drift.between(
      figures([("a", nil, nil)]), figures([("a", 1e-7, 1e-7)]), factor: 2)
    #expect(drift == Drift(introducedAt: "a", tap: "a", found: .infinity, known: 1e-7))
  }
}
