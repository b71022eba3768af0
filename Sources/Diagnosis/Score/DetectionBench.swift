package import EncoderModel
package import Faults
package import Parity
package import TensorCore

/// Injects faults into a backend, judges it, and compares the verdicts with where the faults sit.
///
/// Stages before the first fault are those of the sound candidate, bit for bit, so that they are
/// run and judged once for all cases.
package struct DetectionBench {
  package typealias MakeBackend = @Sendable (EncoderProgram) throws -> any EncoderBackend

  private let judge: Judge
  private let mel: Tensor
  private let observed: Set<String>
  private let makeBackend: MakeBackend
  private let reference: [String: Tensor]
  /// State before each stage of the sound candidate.
  private var checkpoints: [Checkpoint] = []
  /// The sound candidate, judged.
  package private(set) var sound: CandidateResult

  private struct Checkpoint {
    var input: Tensor
    var candidate: CandidateJudge
  }

  /// - Parameters:
  ///   - judge: judges every candidate.
  ///   - reference: a sound encoder in Float64.
  ///   - mel: what all of them encode.
  ///   - taps: what candidates show.
  ///   - makeBackend: the engine that runs faulty programs.
  /// - Throws: what the engines throw.
  package init(
    judge: Judge, reference: any EncoderBackend, mel: Tensor, taps: TapSelection = .operations,
    makeBackend: @escaping MakeBackend
  ) throws {
    self.judge = judge
    self.mel = mel
    self.makeBackend = makeBackend
    observed = Set(taps.names(in: judge.program))
    var values: [String: Tensor] = [:]
    _ = try reference.encode(mel: mel, observing: observed) { values[$0] = $1 }
    self.reference = values
    let empty = CandidateJudge(judge: judge, backend: "sound")
    sound = empty.result()
    let backend = try makeBackend(judge.program)
    var state = Checkpoint(input: mel, candidate: empty)
    for stage in judge.program.stages {
      checkpoints.append(state)
      state = try advanced(state, stage, backend)
    }
    sound = state.candidate.result()
  }

  private func advanced(
    _ state: Checkpoint, _ stage: EncoderStage, _ backend: any EncoderBackend
  ) throws -> Checkpoint {
    var taps = [judge.program.inputTap(of: stage): state.input]
    let output = try backend.run(stage, input: state.input, observing: observed) { taps[$0] = $1 }
    var next = Checkpoint(input: output, candidate: state.candidate)
    try next.candidate.judgeStage(
      stage, expected: observed, candidate: { taps[$0] }, reference: { reference[$0] })
    return next
  }

  /// Judges a candidate with `faults` in it.
  package func row(_ faults: [FaultInstance]) throws -> DetectionScore.Row {
    let faulty = judge.program.applying(faults)
    let changed = Set(judge.program.changedTaps(in: faulty))
    let stages = judge.program.stages
    let touched = Set(judge.program.nodes.filter { changed.contains($0.name) }.map(\.stage))
    let first = stages.firstIndex { touched.contains($0) } ?? stages.count - 1
    let backend = try makeBackend(faulty)
    var state = checkpoints[first]
    for stage in stages[first...] { state = try advanced(state, stage, backend) }
    let result = state.candidate.result()
    let expected = expectedTaps(faults)
    let found = result.taps.filter { ($0.introduced?.verdict ?? $0.verdict).isDivergence }
    let foundNames = Set(found.map(\.tap))
    let missed = result.taps.filter {
      expected.keys.contains($0.tap) && !foundNames.contains($0.tap)
    }
    return DetectionScore.Row(
      faults: faults.map(\.description), isBenign: faults.allSatisfy(\.fault.isBenign),
      expected: judge.program.tapNames.filter(expected.keys.contains), found: found,
      missed: missed,
      misnamed: found.filter { tap in
        guard let wanted = expected[tap.tap] else { return false }
        return !wanted.accepts(tap.introduced?.verdict ?? tap.verdict)
      }.map(\.tap))
  }

  /// Where the faults must show, and as what.
  private func expectedTaps(_ faults: [FaultInstance]) -> [String: ExpectedVerdict] {
    var expected: [String: ExpectedVerdict] = [:]
    for fault in faults {
      let changed = fault.changedTaps(in: judge.program)
      // What has no effect on the output can show at its own tap only.
      let shown =
        fault.fault.isBenign && !changed.contains(where: observed.contains)
        ? [] : judge.program.showing(Set(changed), among: observed)
      for tap in shown { expected[tap] = expected[tap] == nil ? ExpectedVerdict(fault) : .any }
    }
    return expected
  }
}

extension DetectionBench {
  /// Each instance alone; or that many seeded pairs at different sites, neither of which makes NaN
  /// or ∞ that would hide the other.
  package static func cases(_ instances: [FaultInstance], pairs: Int?) -> [[FaultInstance]] {
    guard let pairs else { return instances.map { [$0] } }
    let finite = instances.filter {
      !["frame-overflowed", "weights-read-as-f16"].contains($0.fault.slug)
    }
    guard finite.count > 1 else { return [] }
    return (0..<pairs).compactMap { index in
      let draws = (UInt64(1)...2).map { stream in
        finite[
          Int(
            CounterHash.bits(seed: 11, stream: stream, counter: UInt64(index))
              % UInt64(finite.count))]
      }
      return draws[0].site == draws[1].site ? nil : draws
    }
  }
}

extension EncoderProgram {
  /// Where changes of the operations `changed` come to light: they themselves where they are
  /// observed, else the nearest observed values after them; in program order.
  package func showing(_ changed: Set<String>, among observed: Set<String>) -> [String] {
    var hidden = Set<String>()
    var shown: [String] = []
    for node in nodes {
      guard changed.contains(node.name) || node.inputs.contains(where: hidden.contains) else {
        continue
      }
      if observed.contains(node.name) { shown.append(node.name) } else { hidden.insert(node.name) }
    }
    return shown
  }
}
