import Testing
import Transcription

@Suite("Word error rate")
struct WordErrorsTests {
  @Test("case and punctuation do not count")
  func normalisation() {
    #expect(
      WordErrors.words(of: "Twenty-one, it’s 'NOW'… (3) ÉTÉ")
        == ["twenty", "one", "it's", "now", "3", "été"])
    #expect(WordErrors.words(of: " .,- ") == [])
    #expect(WordErrors(reference: "Two, nine!", found: "two nine").rate == 0)
  }

  @Test("substitutions, deletions and insertions are told apart")
  func edits() {
    let errors = WordErrors(reference: "two nine three six", found: "two five three six one")
    #expect(
      errors.edits == [
        .substitution(at: 1, word: "nine", found: "five"), .insertion(at: 4, found: "one"),
      ])
    #expect(errors.rate == 0.5)
    let short = WordErrors(reference: "two nine three six", found: "nine")
    #expect(short.deletions == 3 && short.rate == 0.75)
  }

  @Test("empty texts")
  func empty() {
    #expect(WordErrors(reference: "", found: "").rate == 0)
    #expect(WordErrors(reference: "a b", found: "").rate == 1)
    #expect(WordErrors(reference: "", found: "a").rate == nil)
    #expect(WordErrors(reference: "a", found: "b c d").rate == 3)
  }

  /// The distance by its recursive definition, for short lists.
  private func distance(_ a: ArraySlice<String>, _ b: ArraySlice<String>) -> Int {
    guard let x = a.first, let y = b.first else { return a.count + b.count }
    let (restA, restB) = (a.dropFirst(), b.dropFirst())
    if x == y { return distance(restA, restB) }
    return 1 + min(distance(restA, restB), distance(restA, b), distance(a, restB))
  }

  @Test("the number of edits is the Levenshtein distance", arguments: 0..<60)
  func levenshtein(_ seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 7
    func draw(_ limit: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % limit)
    }
    let a = (0..<draw(7)).map { _ in ["x", "y", "z"][draw(3)] }
    let b = (0..<draw(7)).map { _ in ["x", "y", "z"][draw(3)] }
    let errors = WordErrors(
      reference: a.joined(separator: " "), found: b.joined(separator: " "))
    #expect(errors.edits.count == distance(a[...], b[...]))
    #expect(errors.insertions - errors.deletions == b.count - a.count)
  }
}
