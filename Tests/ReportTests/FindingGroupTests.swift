import Testing

@testable import Diagnosis
@testable import Report

/// One habit of a port, found at many places, is told once.
@Suite struct FindingGroupTests {
  private func finding(_ site: String, _ effect: Double?, residual: Double = 1e-7) -> Finding {
    Finding(
      slug: "gelu-relu", name: "gelu-relu", ids: [], summary: "", remedy: "", sites: [site],
      shownAt: [site], confidence: .proved, residual: residual, runnerUp: nil, equivalents: [],
      together: [], isBenign: false, outputEffect: effect, note: nil, hypothesis: nil)
  }

  @Test("the places of a group, its worst residual, and the span of what each does")
  func spans() {
    let groups = FindingGroup.all([
      finding("a", 0.012), finding("b", 0.0023, residual: 3e-7), finding("c", nil),
    ])
    #expect(groups.count == 1)
    #expect(groups[0].sites == ["a", "b", "c"] && groups[0].place == "3 places")
    #expect(groups[0].residual == 3e-7)
    #expect(groups[0].effectText == "0.0023 … 0.012")
  }

  @Test("one figure where they agree, none where none was computed")
  func single() {
    #expect(FindingGroup.all([finding("a", 0.5), finding("b", 0.5)])[0].effectText == "0.50")
    #expect(FindingGroup.all([finding("a", nil)])[0].effectText == nil)
  }
}
