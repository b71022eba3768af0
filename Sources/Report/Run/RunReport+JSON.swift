import Diagnosis
package import Parity
package import TensorIO

extension RunReport {
  /// The document `encoder-diff.run/1`. With several windows, `candidates` are those of the worst
  /// window and `windows` holds all.
  package var json: JSONValue {
    var root = JSONObject([
      "schema": .string("encoder-diff.run/1"), "model": model.json, "input": input.json,
      "reference": .string(reference), "verdict": .string(verdict.rawValue),
      "window": .integer(worstWindow?.index ?? 0),
      "candidates": .array((worstWindow?.result.candidates ?? []).map(\.json)),
    ])
    if windows.count > 1 {
      root.set(
        "windows",
        .array(
          windows.map {
            .members([
              "window": .integer($0.index),
              "candidates": .array($0.result.candidates.map(\.json)),
            ])
          }))
    }
    inquiry.add(to: &root)
    if let transcript { root.set("transcript", transcript.json) }
    return .object(root)
  }
}

extension ModelIdentity {
  package var json: JSONValue {
    .members([
      "name": .string(name), "format": .string(format),
      "encoderWeightsHash": .string(encoderWeightsHash),
    ])
  }
}

extension InputIdentity {
  package var json: JSONValue {
    .members([
      "kind": .string(kind), "path": .string(path), "description": .string(description),
      "durationSeconds": .figure(durationSeconds), "windows": .integer(numWindows),
      "melHash": .string(hash),
    ])
  }
}

extension CandidateResult {
  package var json: JSONValue {
    .members([
      "backend": .string(backend), "faults": .array(faults.map { .string($0) }),
      "verdict": .string(verdict.rawValue), "firstDivergence": .text(firstDivergence),
      "taps": .array(taps.map(\.json)),
    ])
  }
}

extension TapResult {
  package var json: JSONValue {
    let figures = cumulative
    var object = JSONObject([
      "tap": .string(tap), "shape": .array(shape.map { .integer($0) }),
      "bias": .figure(figures?.bias), "meanReference": .figure(figures?.meanReference),
      "meanCandidate": .figure(figures?.meanCandidate),
      "stdReference": .figure(figures?.stdReference),
      "stdCandidate": .figure(figures?.stdCandidate), "cosine": .figure(figures?.cosine),
      "cosineDistance": .figure(figures?.cosineDistance),
      "relativeL2": .figure(figures?.relativeL2), "maxAbs": .figure(figures?.maxAbs),
      "maxIndex": figures.map { .integer($0.maxIndex) } ?? .null,
      "nonFinite": figures.map { .integer($0.nonFinite) } ?? .null,
      "verdict": .string(verdict.text), "introduced": introduced?.json ?? .null,
    ])
    if let amplification { object.set("amplification", .figure(amplification)) }
    if let note { object.set("note", .string(note)) }
    return .object(object)
  }
}

extension IntroducedError {
  package var json: JSONValue {
    .members([
      "relativeL2": .figure(relativeL2), "maxAbs": .figure(maxAbs), "bound": .figure(bound),
      "verdict": .string(verdict.text), "ratioToBound": .figure(worstRatio),
      "effectiveUnitRoundoff": .figure(effectiveUnitRoundoff),
      "segment": .array(segment.map { .string($0) }), "evidence": .text(evidence),
    ])
  }
}
