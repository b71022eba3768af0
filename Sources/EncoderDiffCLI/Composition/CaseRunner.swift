import Diagnosis
import EncoderModel
import Parity
import Regression
import Report
import TensorCore
import Transcription

/// Runs one case of `check` and holds what comes out to its manifest, its golden and the baseline.
struct CaseRunner {
  let manifest: CheckCase
  let baseline: [String: CandidateFigures]?
  let threads: Int?

  func run() throws -> CaseResult {
    let start = ContinuousClock.now
    let bench = Workbench(try ModelLoader.load(manifest.model), threads: threads)
    let injection = try Injection(manifest.faults, program: bench.model.program)
    let sides = try Sides(
      manifest.backends.joined(separator: ","), injection: injection, bench: bench)
    let golden = try manifest.golden.map { try EncoderGolden($0) }
    let source = try input(bench.model.dimensions, golden)
    guard let window = source.windows.first else {
      throw UsageError("\(manifest.path): the input has no window")
    }
    let comparison = EncoderComparison(
      reference: sides.reference, judge: bench.judge(claim: claim),
      candidates: try sides.candidates(window: window.index, input: source),
      selection: try bench.selection(manifest.taps))
    var goldens = golden.map {
      GoldenCheck(golden: $0, path: manifest.golden ?? "", sides: sides)
    }
    let result = try comparison.run(mel: window.mel, sink: { try goldens?.see($0, $1, $2) })
    let judgement = CaseJudgement(manifest: manifest, baseline: baseline)
    var failures = judgement.failures(of: result.candidates) + (goldens?.failures ?? [])
    failures += try transcriptFailures(result, bench.model, isFaulty: !injection.isEmpty)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    if let limit = manifest.budget.seconds, seconds > limit {
      failures.append(
        CheckFailure(
          .budget,
          "took \(Numbers.fixed(seconds, decimals: 1)) s; its budget is \(Numbers.compact(limit)) s"
        ))
    }
    return CaseResult(
      name: manifest.name, path: manifest.path, candidates: result.candidates,
      failures: failures, notes: judgement.improvements(of: result.candidates), seconds: seconds)
  }

  private var claim: PrecisionClaim {
    manifest.precision.map { .expecting($0) } ?? .float32
  }

  private func input(
    _ dimensions: WhisperDimensions, _ golden: EncoderGolden?
  ) throws -> EncoderInput {
    switch manifest.input {
    case .audio(let path, let window):
      return try EncoderInput(
        audio: path, melFile: nil, window: "\(window)", dimensions: dimensions)
    case .mel(let path):
      return try EncoderInput(audio: nil, melFile: path, dimensions: dimensions)
    case .golden:
      guard let golden else { throw UsageError("\(manifest.path): names no golden") }
      let mel = try golden.mel(frames: dimensions.numMelFrames, mels: dimensions.numMels)
      return EncoderInput(mel: mel, path: manifest.golden ?? "", dimensions: dimensions)
    }
  }

  private func transcriptFailures(
    _ result: ComparisonResult, _ model: WhisperModel, isFaulty: Bool
  ) throws -> [CheckFailure] {
    guard let expected = manifest.expected.transcript else { return [] }
    var outputs = EncoderOutputs(reference: result.reference)
    outputs.add(result)
    let comparison = try outputs.compare(with: Transcriber(model: model)).comparison
    var texts = comparison.candidates.map { ($0.name, $0.transcript.text) }
    if !isFaulty {
      texts.insert((comparison.control.name, comparison.control.transcript.text), at: 0)
    }
    return texts.filter { $0.1 != expected }.map { name, text in
      CheckFailure(
        .transcript, "\(name) leads to the text \"\(text)\"; expected \"\(expected)\"",
        candidate: name)
    }
  }
}

/// Holds every tap of every sound side to the golden while the encoders run.
struct GoldenCheck {
  let golden: EncoderGolden
  let path: String
  let sides: Sides
  private var depths: [Int: Int] = [:]
  private var left: [Int: CheckFailure] = [:]

  init(golden: EncoderGolden, path: String, sides: Sides) {
    self.golden = golden
    self.path = path
    self.sides = sides
  }

  /// The first tap of each side that leaves the golden.
  var failures: [CheckFailure] { left.sorted { $0.key < $1.key }.map(\.value) }

  /// Takes one tap of one side; `nil` is the reference.
  mutating func see(_ candidate: Int?, _ tap: String, _ value: Tensor) throws {
    let side = candidate ?? -1
    let name = candidate.map { sides.names[$0] } ?? sides.reference.name
    guard tap != "mel", left[side] == nil, sides.faults(of: name).isEmpty else { return }
    let depth = depths[side, default: 0]
    depths[side] = depth + 1
    guard let distance = try golden.distance(tap, value) else { return }
    let unit = value.scalarType == .float64 ? 0x1p-53 : 0x1p-24
    let allowed = EncoderGolden.allowed(depth: depth, unitRoundoff: unit)
    guard !(distance <= allowed) else { return }
    left[side] = CheckFailure(
      .golden,
      "\(name) leaves the golden at \(tap): relative L2 \(Numbers.scientific(distance)), "
        + "\(Numbers.scientific(allowed)) is allowed", candidate: name, tap: tap)
  }
}
