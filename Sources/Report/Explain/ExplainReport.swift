package import Diagnosis
package import Parity

/// What `explain` has to tell of one candidate.
package struct ExplainReport: Sendable {
  package var model: ModelIdentity
  package var input: InputIdentity
  package var explanation: Explanation
  /// Faults that were put in, as `slug=value@tap`.
  package var injected: [String]
  /// What the errors do to the text; `nil` where there is none to be had.
  package var transcript: TranscriptEffect?
  package var isStrict: Bool
  /// Whether the repaired state is wanted in full.
  package var verifiesFix: Bool
  /// The candidate's taps, judged, for the page's pictures; `nil` where nobody looked.
  package var comparison: (result: CandidateResult, details: ComparisonDetails?)?

  package init(
    model: ModelIdentity, input: InputIdentity, explanation: Explanation, injected: [String] = [],
    transcript: TranscriptEffect? = nil, isStrict: Bool = false, verifiesFix: Bool = false
  ) {
    self.model = model
    self.input = input
    self.explanation = explanation
    self.injected = injected
    self.transcript = transcript
    self.isStrict = isStrict
    self.verifiesFix = verifiesFix
  }

  package var isDivergent: Bool { explanation.isDivergent(strict: isStrict) }
}

/// What became of the text, before and after the named causes are repaired.
package struct TranscriptEffect: Sendable {
  package var control: String
  package var candidate: String
  package var repaired: String
  /// The first token that differs, from 1; `nil` where none does.
  package var breaksAt: Int?
  package var numTokens: Int
  package var isRepairedIdentical: Bool

  package init(
    control: String, candidate: String, repaired: String, breaksAt: Int?, numTokens: Int,
    isRepairedIdentical: Bool
  ) {
    self.control = control
    self.candidate = candidate
    self.repaired = repaired
    self.breaksAt = breaksAt
    self.numTokens = numTokens
    self.isRepairedIdentical = isRepairedIdentical
  }

  /// One sentence without a full stop.
  func sentence(numCauses: Int) -> String {
    let causes = numCauses == 1 ? "it" : numCauses == 2 ? "both" : "all \(numCauses)"
    let after =
      numCauses == 0
      ? "" : "; with \(causes) repaired: \(isRepairedIdentical ? "identical" : "\"\(repaired)\"")"
    guard let breaksAt else { return "the same text, \(numTokens) tokens" + after }
    return "breaks at token \(breaksAt) of \(numTokens)" + after
  }
}
