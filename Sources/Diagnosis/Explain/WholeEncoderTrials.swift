import EncoderModel
import TensorCore

/// Runs whole mutated encoders where a candidate shows no more than the end of several blocks.
///
/// Stages before the fault are those of the sound encoder, whose stage inputs are kept: a fault in
/// block k costs blocks k and later. Float32 by a fast backend; what fits is confirmed in Float64.
final class WholeEncoderTrials {
  private let context: SearchContext
  private let stages: [EncoderStage]
  private var inputs: [Tensor] = []
  private let positions: [Int]
  let own: [Double]
  private let soundNodes: [EncoderStage: [ProgramNode]]
  /// What tells the input and the stages in the bank.
  private var root = ""
  /// The sound output at the sampled positions.
  private(set) var soundSketch: [Float] = []
  /// The sound output and the candidate's.
  private var soundOutput: Tensor?
  private let ownOutput: Tensor
  /// Runs stages that a hypothesis leaves alone.
  private let soundBackend: any EncoderBackend
  /// What ranks hypotheses before they are run in full.
  private(set) var coarse: CoarseTrials?
  /// Elements of the output that hypotheses are compared at: more than enough to rank them.
  private static let sampleCount = 4096

  init(_ context: SearchContext, _ span: Span, candidate: CandidateShelf) throws {
    self.context = context
    stages = span.stages
    let tap = span.stages.last?.outputTap ?? ""
    guard let output = candidate.tensor(tap) else { throw ExplainError.missingValue(tap) }
    let count = output.elementCount
    let sampled = min(count, Self.sampleCount)
    let positions = (0..<sampled).map { index in
      count <= Self.sampleCount
        ? index
        : Int(CounterHash.bits(seed: 6, stream: 0, counter: UInt64(index)) % UInt64(count))
    }
    self.positions = positions
    own = output.withFloat64 { values in positions.map { values[$0] } }
    ownOutput = output
    soundNodes = Dictionary(grouping: span.nodes, by: \.stage)
    let start = context.program.inputTap(of: span.stages.first ?? .stem)
    guard var value = candidate.tensor(start) ?? (start == "mel" ? context.mel : nil) else {
      throw ExplainError.missingValue(start)
    }
    root = "\(contentHash(value)) \(tap)"
    soundBackend = try context.makeBackend(context.program)
    for stage in stages {
      inputs.append(value)
      value = try soundBackend.run(stage, input: value, observing: []) { _, _ in }
    }
    soundSketch = sketch(value)
    soundOutput = value
    coarse = try CoarseTrials(
      context, stages: stages, inputs: inputs, soundOutput: value, own: output)
  }

  private func sketch(_ tensor: Tensor) -> [Float] {
    tensor.withFloat32 { values in positions.map { values[$0] } }
  }

  /// The first stage that a program changes, by position.
  func firstChange(_ program: EncoderProgram) -> Int {
    let nodes = Dictionary(grouping: program.nodes, by: \.stage)
    return stages.firstIndex { nodes[$0] != soundNodes[$0] } ?? stages.count - 1
  }

  /// The output of a trial's encoder at the sampled positions.
  func sketch(_ trial: Trial, mel: Tensor?) throws -> [Float] {
    try context.bank.sketch("\(root) \(trial.hypothesis.key)") { try run(trial, mel: mel) }
  }

  private func run(_ trial: Trial, mel: Tensor?) throws -> [Float] {
    sketch(try output(trial, mel: mel))
  }

  /// Whether the candidate's error is spread over the frames as that of a trial is; `true` where one
  /// of them has none.
  func errsLike(_ trial: Trial) throws -> Bool {
    guard let soundOutput else { return true }
    return try ErrorProfile(
      ownOutput, output(trial, mel: nil), around: soundOutput
    )?.isAlike ?? true
  }

  private func output(_ trial: Trial, mel: Tensor?) throws -> Tensor {
    let nodes = Dictionary(grouping: trial.program.nodes, by: \.stage)
    let first = mel == nil ? firstChange(trial.program) : 0
    var value = mel ?? inputs[first]
    let backend = try context.makeBackend(trial.program)
    for stage in stages[first...] {
      let runner = nodes[stage] == soundNodes[stage] ? soundBackend : backend
      value = try runner.run(stage, input: value, observing: []) { _, _ in }
    }
    return value
  }

  /// The sampled values of a tensor that has the output's shape.
  func sample(_ tensor: Tensor) -> [Double] {
    tensor.withFloat64 { values in positions.map { values[$0] } }
  }

  /// ‖candidate − prediction‖/‖prediction‖ at the sampled positions; ∞ where one side is not finite.
  func residual(_ trial: Trial, mel: Tensor?) throws -> Double {
    Self.distance(own, try sketch(trial, mel: mel).map(Double.init))
  }

  /// ‖x − y‖/‖y‖; ∞ where one side is not finite.
  static func distance(_ own: [Double], _ predicted: [Double]) -> Double {
    var (difference, size) = (0.0, 0.0)
    for (x, y) in zip(own, predicted) {
      guard x.isFinite, y.isFinite else {
        if x == y || (x.isNaN && y.isNaN) { continue }
        return .infinity
      }
      difference += (x - y) * (x - y)
      size += y * y
    }
    return difference == 0 ? 0 : (difference / max(size, .leastNormalMagnitude)).squareRoot()
  }
}
