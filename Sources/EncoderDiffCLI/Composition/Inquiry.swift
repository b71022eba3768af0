import Diagnosis
import EncoderModel
import Parity
import ReferenceBackend
import Report
import TensorCore

/// Looks into what a comparison found: self-checks always, budgets and conditioning where asked.
struct Inquiry {
  let bench: Workbench
  let reference: LiveCandidate
  let withBudget: Bool
  let isThorough: Bool
  private(set) var findings = Inquest()

  init(bench: Workbench, reference: LiveCandidate, withBudget: Bool, isThorough: Bool) {
    self.bench = bench
    self.reference = reference
    self.withBudget = withBudget
    self.isThorough = isThorough
  }

  /// Encoder size, in multiplications, up to which all of it is run twice without being asked;
  /// of larger ones the stem and the first block.
  private static let freeMultiplications = 2e9

  /// Takes in one window; a check that failed before stays failed.
  mutating func add(
    _ result: ComparisonResult, mel: Tensor, candidates: [any Candidate], progress: Progress
  ) throws {
    progress.show("checking", 1)
    let repeated =
      isThorough || bench.model.dimensions.multiplications < Self.freeMultiplications
      ? LeadingOutputs(
        stages: bench.model.program.stages, reference: result.referenceOutput,
        candidates: result.outputs)
      : result.leading
    add(
      try .repetition(
        reference.backend, mel: mel, observed: repeated.reference, through: repeated.stages))
    for (candidate, output) in zip(candidates, repeated.candidates) {
      guard let live = candidate as? LiveCandidate else { continue }
      add(
        try .repetition(
          live.backend, mel: live.mel ?? mel, observed: output, through: repeated.stages))
    }
    for candidate in result.candidates { add(.coverage(candidate)) }
    let exact = ReferenceBackend(
      program: bench.model.program, weights: bench.model.weights, threads: bench.threads)
    if withBudget, let sound = result.referenceOutput {
      for candidate in candidates {
        progress.show("\(candidate.name): error budget", 1)
        let measurement = BudgetMeasurement(
          program: bench.model.program, evaluator: exact, candidate: candidate)
        if let budget = try measurement.measure(mel: mel, reference: sound) {
          findings.budgets.append((candidate.name, budget))
        }
      }
    }
    if isThorough && findings.conditioning == nil {
      progress.show("conditioning", 1)
      findings.conditioning = try StageConditioning(reference: exact, mel: mel)
    }
  }

  private mutating func add(_ check: SelfCheck) {
    if let index = findings.checks.firstIndex(where: { $0.name == check.name }) {
      if findings.checks[index].outcome != .failed { findings.checks[index] = check }
    } else {
      findings.checks.append(check)
    }
  }
}

extension WhisperDimensions {
  /// Multiplications of one pass through the encoder.
  fileprivate var multiplications: Double {
    let frames = Double(numAudioContext)
    let width = Double(audioWidth)
    let block = 12 * frames * width * width + 2 * frames * frames * width
    return Double(numAudioLayers) * block + 3 * frames * width * (2 * Double(numMels) + width)
  }
}
