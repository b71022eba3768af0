package import TensorIO

/// The comparison as JSON: the members of `encoder-diff.transcribe/1` that come from this module.
/// Figures that are not finite become null.
extension TranscriptComparison {
  package var json: JSONValue {
    object([
      ("referenceText", optional(control.referenceText)),
      ("reference", control.json),
      ("harness", optional(harnessSentence)),
      ("sameText", .bool(isSameText)),
      ("candidates", .array(candidates.map(\.json))),
    ])
  }
}

extension ControlTranscript {
  package var json: JSONValue {
    object(
      [("backend", .string(name))] + transcript.members + [
        ("wordErrorRate", optional(wordErrors?.rate))
      ])
  }
}

extension CandidateTranscript {
  package var json: JSONValue {
    object(
      [("backend", .string(name))] + transcript.members + [
        ("wordErrorRate", optional(wordErrors?.rate)),
        ("wordErrorRateAgainstReference", optional(wordErrorsAgainstControl.rate)),
        ("errorsSharedWithReference", .integer(numSharedErrors)),
        ("firstDifference", firstDifference?.json ?? .null),
        ("margins", margins.json),
        ("sentence", .string(sentence)),
      ])
  }
}

extension Transcript {
  fileprivate var members: [(String, JSONValue)] {
    [
      ("text", .string(text)),
      ("windowTexts", .array(windows.map { .string($0.timedText ?? $0.text) })),
      ("language", optional(language)),
      ("tokens", .array(windows.map { .array($0.tokens.map { .integer($0) }) })),
      ("logProbability", optional(sumLogProbability)),
      ("complete", .bool(isComplete)),
      ("finite", .bool(!hasNonFiniteLogits)),
    ]
  }
}

extension TokenDifference {
  fileprivate var json: JSONValue {
    object([
      ("window", .integer(window)), ("token", .integer(index)), ("expected", optional(expected)),
      ("found", optional(found)),
    ])
  }
}

extension DecisionMargins {
  package var json: JSONValue {
    object([
      ("smallestMargin", optional(smallestMargin)),
      ("smallestEndOfTextMargin", optional(smallestEndOfTextMargin)),
      ("largestLogitChange", optional(largestLogitChange)),
      ("largestDecisiveChange", optional(largestChange)),
      ("largestDivergence", optional(largestDivergence)),
      ("safetyFactor", optional(safetyFactor)),
      ("firstFlip", firstFlip.map { .integer($0) } ?? .null),
      ("sentence", .string(sentence)),
      ("steps", .array(steps.map(\.json))),
    ])
  }
}

extension StepMargin {
  fileprivate var json: JSONValue {
    object([
      ("window", .integer(window)), ("step", .integer(index)), ("token", .string(token)),
      ("runnerUp", optional(runnerUp)), ("margin", optional(margin)),
      ("endOfTextMargin", optional(endOfTextMargin)), ("divergence", optional(divergence)),
      ("logitChange", optional(largestLogitChange)),
      ("decisiveChange", optional(decisiveChange)), ("flippedTo", optional(flippedTo)),
    ])
  }
}

private func object(_ members: [(String, JSONValue)]) -> JSONValue {
  var result = JSONObject()
  for (key, value) in members { result.set(key, value) }
  return .object(result)
}

private func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

private func optional(_ value: Double?) -> JSONValue {
  value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null
}
