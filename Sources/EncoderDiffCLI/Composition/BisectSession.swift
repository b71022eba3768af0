import Diagnosis
import EncoderModel
import Faults
import ForeignDumps
import Parity
import ReferenceBackend
import Report
import TensorCore
import TensorIO

/// What `bisect` does in each of its modes, over one mel.
struct BisectSession {
  let bench: Workbench
  let judge: Judge
  let input: EncoderInput
  let mel: Tensor
  let progress: Progress
  /// Keeps sketches of what is compared; `nil` where no page is wanted.
  var watcher: PageWatcher?

  private var program: EncoderProgram { bench.model.program }

  private var reference: ReferenceBackend {
    ReferenceBackend(program: program, weights: bench.model.weights, threads: bench.threads)
  }

  /// A backend of ours, every operation judged.
  func backend(
    _ name: String, injection: Injection, withBudget: Bool
  ) throws -> BisectReport {
    let encoder = try bench.backend(name, program: injection.program)
    return try report(LiveCandidate(encoder, faults: injection.names), withBudget: withBudget)
  }

  /// A dump; where it lacks inner taps, segments are judged.
  func dump(_ path: String, mapping: String?, withBudget: Bool) throws -> BisectReport {
    let aligned = try ForeignDump(path, mapping: mapping, bench: bench).aligned(
      mel: mel, progress: progress)
    progress.clear()
    guard !aligned.tapNames.isEmpty else {
      throw UsageError(
        "\(path): no tensor is called like a tap of \(bench.model.name); 'encoder-diff align' helps"
      )
    }
    let candidate = DumpCandidate(
      name: path, program: program, available: Set(aligned.tapNames),
      isGivenMel: input.isMel(of: aligned.source.metadata), read: { try aligned.tensor($0) })
    let report = try report(candidate, withBudget: withBudget)
    if report.result.verdict == .parity, let doubt = aligned.doubt {
      throw UsageError("\(path): \(doubt)")
    }
    return report
  }

  private func report(_ candidate: any Candidate, withBudget: Bool) throws -> BisectReport {
    let names = candidate.availableTaps.map { TapSelection.globs(Array($0)) } ?? .operations
    let comparison = EncoderComparison(
      reference: LiveCandidate(reference), judge: judge, candidates: [candidate],
      selection: names)
    var watcher = watcher
    let found = try comparison.run(
      mel: mel, progress: progress.show, introduced: { watcher?.see($0, introduced: $1) },
      sink: { watcher?.see($0, $1, $2) })
    watcher?.finishWindow(found.verdict)
    progress.clear()
    guard let result = found.candidates.first, let sound = found.referenceOutput else {
      throw UsageError("\(candidate.name) shows nothing that could be judged")
    }
    var report = BisectReport(result: result)
    report.details = try watcher?.details()
    if withBudget {
      report.budget = try BudgetMeasurement(
        program: program, evaluator: reference, candidate: candidate
      ).measure(mel: mel, reference: sound)
    }
    return report
  }

  /// A live implementation, asked for few taps at a time.
  /// - `allowMissing`: whether it may lack the encoder's output.
  /// - `mapping`: a file with the names that its dumps use.
  func narrowing(
    _ command: ExternalCommand, mapping: String?, allowMissing: Bool
  ) throws -> BisectReport {
    let mapping = try mapping.map { try DumpMapping(contentsOf: $0) }
    let implementation = try LiveImplementation(
      command, mapping: mapping, bench: bench, mel: mel, progress: progress,
      allowMissing: allowMissing)
    defer { implementation.remove() }
    var steps: [TapNarrowing.Step] = []
    let result = try TapNarrowing(judge: judge, name: "command", ask: implementation.ask)
      .run(mel: mel, report: { steps.append($0) })
    return BisectReport(result: result, steps: steps)
  }

  /// One operation of every backend on the same inputs.
  func isolation(of tap: String) throws -> IsolationReport {
    guard program.node(named: tap) != nil else {
      let nearest = nearestName(to: tap, among: program.tapNames)
      throw UsageError("unknown tap '\(tap)'\(nearest.map { "; did you mean '\($0)'?" } ?? "")")
    }
    let isolation = try OperationIsolation(
      tap: tap, judge: judge, weights: bench.model.weights)
    let wanted = Set(isolation.inputs.map(\.tap))
    var values = wanted.contains("mel") ? ["mel": mel] : [:]
    _ = try reference.encode(mel: mel, observing: wanted) { values[$0] = $1 }
    var report = IsolationReport(tap: tap, inputs: isolation.inputs.map(\.tap))
    for name in Workbench.backendNames where name != "reference" {
      let backend = try bench.backend(
        name, program: isolation.program, weights: isolation.weights)
      for kind in IsolationInput.allCases {
        let tensors = isolation.inputs.enumerated().compactMap { index, input in
          values[input.tap].map { kind.tensor(like: $0, seed: UInt64(index + 1)) }
        }
        guard tensors.count == isolation.inputs.count else { continue }
        if let error = try isolation.run(backend, on: tensors) {
          report.rows.append(.init(backend: backend.name, input: kind, error: error))
        }
      }
    }
    return report
  }
}
