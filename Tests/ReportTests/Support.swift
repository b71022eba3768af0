/// A small report made by hand, with one operation of every verdict.

import Diagnosis
import EncoderModel
import Parity
import Report
import TensorCore

func figures(_ relativeL2: Double) -> TapFigures {
  TapFigures(
    count: 12, bias: 0, meanReference: 0, meanCandidate: 0, stdReference: 1, stdCandidate: 1,
    cosine: 1, cosineDistance: 0, relativeL2: relativeL2, maxAbs: relativeL2, maxIndex: 0,
    nonFinite: 0, nonFiniteReference: 0, isBitEqual: relativeL2 == 0)
}

func tap(
  _ name: String, _ verdict: TapVerdict, relativeL2: Double = 1e-7, note: String? = nil
) -> TapResult {
  let ratio = verdict.isDivergence ? 300.0 : 0.4
  return TapResult(
    tap: name, shape: [4, 3], cumulative: verdict == .missing ? nil : figures(relativeL2),
    introduced: name == "mel" || verdict == .missing || verdict == .inherited
      ? nil
      : IntroducedError(
        segment: [name], relativeL2: relativeL2, maxAbs: relativeL2, bound: relativeL2 / ratio,
        worstRatio: ratio, rmsRatio: ratio, effectiveUnitRoundoff: nil, verdict: verdict),
    verdict: verdict, note: note)
}

let everyVerdict: [TapResult] = [
  tap("mel", .identical, relativeL2: 0), tap("encoder.conv1", .rounding),
  tap("encoder.gelu1", .reducedPrecision(.bfloat16), relativeL2: 3e-3),
  tap("encoder.embed", .structural, relativeL2: 0.4, note: "a < b & \"c\""),
  tap("encoder.blocks.0.attn.query", .inherited, relativeL2: 0.3),
  tap("encoder.blocks.0", .missing), tap("encoder.ln_post", .nonFinite, relativeL2: 0.3),
]

/// A report of one candidate called `name`, which may hold anything.
func report(_ taps: [TapResult] = everyVerdict, name: String = "graph") -> RunReport {
  let first = taps.first { $0.verdict.isDivergence }
  let candidate = CandidateResult(
    backend: name, faults: [], taps: taps, verdict: first == nil ? .parity : .divergent,
    firstDivergence: first?.tap)
  let result = ComparisonResult(
    reference: "reference", candidates: [candidate], taps: taps.map(\.tap), referenceOutput: nil,
    outputs: [nil],
    timings: [])
  return RunReport(
    model: ModelIdentity(name: "m", format: "f", summary: "s", encoderWeightsHash: "0"),
    input: InputIdentity(
      kind: "audio", path: "dir/a.wav", description: "d", durationSeconds: 1, numWindows: 1,
      hash: "0"),
    reference: "reference", windows: [WindowReport(index: 0, result: result)])
}

/// A tensor whose element i is `value(i)`.
func tensor(_ shape: [Int], _ value: (Int) -> Float) -> Tensor {
  Tensor.float32(shape) { target in
    for index in target.indices { target[index] = value(index) }
  }
}
