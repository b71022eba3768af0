import EncoderModel
import TensorCore

/// Ranks hypotheses on a thinned encoder before whole ones are run: blocks see every n-th frame only,
/// as queries and as keys.
///
/// Thinning changes the values, but the sound encoder is thinned alike, and what a fault changes
/// points the same way at the frames that are left. A fifteenth of the frames costs a twentieth of a block.
/// Nothing is refused on this ground: it decides who comes first.
final class CoarseTrials {
  private let context: SearchContext
  private let stages: [EncoderStage]
  private let stride: Int
  private let numFrames: Int
  /// The sound encoder's input of each stage, in full.
  private let inputs: [Tensor]
  /// Thinned outputs of the sound encoder from each stage's exact input on; the last is the output.
  private var soundOutputs: [Tensor] = []
  /// The candidate's output less the sound one, at the frames that are left.
  private let error: [Double]
  private let soundNodes: [EncoderStage: [ProgramNode]]

  /// Frames that are enough to tell hypotheses apart.
  private static let targetFrames = 100

  /// - Returns: `nil` where thinning makes no sense: few frames, or no block in the span.
  init?(
    _ context: SearchContext, stages: [EncoderStage], inputs: [Tensor], soundOutput: Tensor,
    own: Tensor
  ) throws {
    let dimensions = context.program.dimensions
    stride = max(1, dimensions.numAudioContext / Self.targetFrames)
    guard stride > 1, dimensions.numAudioContext != dimensions.audioWidth,
      dimensions.numAudioContext != 4 * dimensions.audioWidth,
      stages.contains(where: { if case .block = $0 { true } else { false } })
    else { return nil }
    self.context = context
    self.stages = stages
    self.inputs = inputs
    numFrames = (dimensions.numAudioContext + stride - 1) / stride
    soundNodes = Dictionary(grouping: context.program.nodes, by: \.stage)
    error = zip(
      Self.thinned(own, stride).float64Array, Self.thinned(soundOutput, stride).float64Array
    ).map { $0 - $1 }
    let backend = try context.makeBackend(thinned(context.program))
    for start in stages.indices where stages[start] != .stem {
      while soundOutputs.count < start { soundOutputs.append(soundOutput) }
      soundOutputs.append(
        try run(from: start, Self.thinned(inputs[start], stride), backend))
    }
    soundOutputs.append(Self.thinned(soundOutput, stride))
  }

  /// 1 − cos² of the angle between what a hypothesis changes and the candidate's error: 0 where they
  /// point the same way, whatever their sizes.
  func distance(_ trial: Trial, mel: Tensor?) throws -> Double {
    let nodes = Dictionary(grouping: trial.program.nodes, by: \.stage)
    var first = stages.firstIndex { nodes[$0] != soundNodes[$0] } ?? stages.count - 1
    if mel != nil { first = 0 }
    var value = mel ?? inputs[first]
    let full = try context.makeBackend(trial.program)
    var start = first
    // Stems are cheap, and what moves frames cannot be thinned: those stages are run as they are.
    while start < stages.count,
      stages[start] == .stem || movesFrames(nodes[stages[start]] ?? [])
    {
      value = try full.run(stages[start], input: value, observing: []) { _, _ in }
      start += 1
    }
    let backend = try context.makeBackend(thinned(trial.program))
    let output = try run(from: start, Self.thinned(value, stride), backend)
    return Self.angle(output, soundOutputs[start], error)
  }

  private func run(from start: Int, _ input: Tensor, _ backend: any EncoderBackend) throws -> Tensor
  {
    var value = input
    for stage in stages[start...] {
      value = try backend.run(stage, input: value, observing: []) { _, _ in }
    }
    return value
  }

  private static func angle(_ output: Tensor, _ sound: Tensor, _ error: [Double]) -> Double {
    output.withFloat32 { x in
      sound.withFloat32 { y in
        var (inner, own, other) = (0.0, 0.0, 0.0)
        for i in error.indices where error[i].isFinite {
          let d = Double(x[i]) - Double(y[i])
          guard d.isFinite else { continue }
          inner += d * error[i]
          own += d * d
          other += error[i] * error[i]
        }
        guard own > 0, other > 0, inner > 0 else { return 1 }
        return 1 - inner * inner / (own * other)
      }
    }
  }

  private func movesFrames(_ nodes: [ProgramNode]) -> Bool {
    nodes.contains { node in
      switch node.operation {
      case .transform(.framesShifted), .transform(.memoryTransposed): true
      case .attentionContext(let context): context.headOrder == .unpermuted
      default: false
      }
    }
  }

  /// The program over the frames that are left, from the blocks on.
  private func thinned(_ program: EncoderProgram) -> EncoderProgram {
    let frames = program.dimensions.numAudioContext
    var copy = program
    for index in copy.nodes.indices {
      copy.nodes[index].shape = copy.nodes[index].shape.map { $0 == frames ? numFrames : $0 }
      if copy.nodes[index].stage == .stem { continue }
      copy.nodes[index].operation = thinned(copy.nodes[index].operation)
    }
    return copy
  }

  private func thinned(_ operation: Operation) -> Operation {
    func thin(_ frame: Int) -> Int { (frame + stride - 1) / stride }
    switch operation {
    case .transform(.framesZeroed(let from)): return .transform(.framesZeroed(from: thin(from)))
    case .transform(.frameOverflowed(let frame)):
      return .transform(.frameOverflowed(frame / stride))
    case .replaceRows(let from): return .replaceRows(from: thin(from))
    case .softmax(var softmax):
      if case .keysFrom(let first) = softmax.mask { softmax.mask = .keysFrom(thin(first)) }
      if case .window(let radius) = softmax.mask { softmax.mask = .window(radius / stride) }
      softmax.numUnmaskedPaddingKeys = thin(softmax.numUnmaskedPaddingKeys)
      return .softmax(softmax)
    default: return operation
    }
  }

  /// Every n-th frame of `[T, C]`.
  private static func thinned(_ tensor: Tensor, _ stride: Int) -> Tensor {
    let width = max(tensor.innerExtent, 1)
    let count = (tensor.elementCount / width + stride - 1) / stride
    return Tensor.float32([count, width]) { target in
      tensor.withFloat32 { source in
        for i in target.indices { target[i] = source[i / width * stride * width + i % width] }
      }
    }
  }
}
