import EncoderModel
import TensorCore

/// Ranks hypotheses on a thinned encoder before whole ones are run: blocks see every n-th frame only,
/// as queries and as keys.
///
/// Thinning changes the values, but the sound encoder is thinned alike, and what a fault changes
/// points the same way at the frames that are left. A twentieth of the frames costs a thirtieth of a block.
/// Nothing is refused on this ground: it decides who comes first.
final class CoarseTrials {
  /// What one hypothesis does to the thinned output.
  struct Effect {
    /// 1 − cos² of the angle between what it changes and the candidate's error: 0 where they point
    /// the same way, whatever their sizes.
    var distance: Double
    /// ‖error − change‖/‖error‖.
    var left: Double
    /// ‖change‖/‖error‖.
    var size: Double
    /// The change at a few hundred positions.
    var sketch: [Float]
  }

  private let context: SearchContext
  private let stages: [EncoderStage]
  private let stride: Int
  private let numFrames: Int
  /// The sound encoder's input of each stage, in full.
  private let inputs: [Tensor]
  /// Thinned outputs of the sound encoder from each stage's exact input on; the last is the output.
  private var soundOutputs: [Tensor] = []
  /// The candidate's output less the sound one, at the frames that are left.
  let error: [Float]
  private let errorEnergy: Double
  private let positions: [Int]
  private let soundNodes: [EncoderStage: [ProgramNode]]
  /// By lane: the thinned sound encoder, for stages that a hypothesis leaves alone.
  private let soundBackends: [any EncoderBackend]

  /// Frames that are enough to tell hypotheses apart.
  private static let targetFrames = 64
  private static let sketchCount = 512

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
    let numFrames = (dimensions.numAudioContext + stride - 1) / stride
    self.numFrames = numFrames
    soundNodes = Dictionary(grouping: context.program.nodes, by: \.stage)
    error = zip(
      Self.thinned(own, stride).float32Array, Self.thinned(soundOutput, stride).float32Array
    ).map { ($0 - $1).isFinite ? $0 - $1 : 0 }
    errorEnergy = error.reduce(0) { $0 + Double($1) * Double($1) }
    let count = error.count
    positions = (0..<min(count, Self.sketchCount)).map { index in
      Int(CounterHash.bits(seed: 7, stream: 1, counter: UInt64(index)) % UInt64(count))
    }
    let program = Self.thinned(context.program, stride: stride, numFrames: numFrames)
    soundBackends = try context.lanes.map { try $0(program) }
    for start in stages.indices where stages[start] != .stem {
      while soundOutputs.count < start { soundOutputs.append(soundOutput) }
      var value = Self.thinned(inputs[start], stride)
      for stage in stages[start...] {
        value = try soundBackends[0].run(stage, input: value, observing: []) { _, _ in }
      }
      soundOutputs.append(value)
    }
    soundOutputs.append(Self.thinned(soundOutput, stride))
  }

  /// The error at the sketch's positions.
  var errorSketch: [Float] { positions.map { error[$0] } }

  /// What a hypothesis changes. Calls on different lanes may be made at once.
  func effect(_ trial: Trial, mel: Tensor?, lane: Int) throws -> Effect {
    let change = try change(trial, mel: mel, lane: lane)
    var (inner, own) = (0.0, 0.0)
    for i in change.indices {
      let d = Double(change[i])
      inner += d * Double(error[i])
      own += d * d
    }
    let isAlong = own > 0 && errorEnergy > 0 && inner > 0
    return Effect(
      distance: isAlong ? 1 - inner * inner / (own * errorEnergy) : 1,
      left: errorEnergy > 0
        ? (max(0, errorEnergy + own - 2 * inner) / errorEnergy).squareRoot() : .infinity,
      size: errorEnergy > 0 ? (own / errorEnergy).squareRoot() : .infinity,
      sketch: positions.map { change[$0] })
  }

  /// The thinned output with a hypothesis less that without; 0 where either is not finite.
  func change(_ trial: Trial, mel: Tensor?, lane: Int) throws -> [Float] {
    let nodes = Dictionary(grouping: trial.program.nodes, by: \.stage)
    var first = stages.firstIndex { nodes[$0] != soundNodes[$0] } ?? stages.count - 1
    if mel != nil { first = 0 }
    var value = mel ?? inputs[first]
    var start = first
    // Stems are cheap, and what moves frames cannot be thinned: those stages are run as they are.
    while start < stages.count,
      stages[start] == .stem || movesFrames(nodes[stages[start]] ?? [])
    {
      let full = try context.lanes[lane](trial.program)
      value = try full.run(stages[start], input: value, observing: []) { _, _ in }
      start += 1
    }
    value = Self.thinned(value, stride)
    var backend: (any EncoderBackend)?
    for stage in stages[start...] {
      if nodes[stage] == soundNodes[stage] {
        value = try soundBackends[lane].run(stage, input: value, observing: []) { _, _ in }
        continue
      }
      let own =
        try backend
        ?? context.lanes[lane](
          Self.thinned(trial.program, stride: stride, numFrames: numFrames))
      backend = own
      value = try own.run(stage, input: value, observing: []) { _, _ in }
    }
    return value.withFloat32 { x in
      soundOutputs[start].withFloat32 { y in
        x.indices.map { (x[$0] - y[$0]).isFinite ? x[$0] - y[$0] : 0 }
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
  private static func thinned(_ program: EncoderProgram, stride: Int, numFrames: Int)
    -> EncoderProgram
  {
    let frames = program.dimensions.numAudioContext
    var copy = program
    for index in copy.nodes.indices {
      copy.nodes[index].shape = copy.nodes[index].shape.map { $0 == frames ? numFrames : $0 }
      if copy.nodes[index].stage == .stem { continue }
      copy.nodes[index].operation = thinned(copy.nodes[index].operation, stride, numFrames)
    }
    return copy
  }

  private static func thinned(_ operation: Operation, _ stride: Int, _ numFrames: Int) -> Operation
  {
    // What begins late begins at the last frame that is left: none would be no fault.
    func thin(_ frame: Int) -> Int { min((frame + stride - 1) / stride, numFrames - 1) }
    switch operation {
    case .transform(.framesZeroed(let from)): return .transform(.framesZeroed(from: thin(from)))
    case .transform(.frameOverflowed(let frame)):
      return .transform(.frameOverflowed(frame / stride))
    case .replaceRows(let from): return .replaceRows(from: thin(from))
    case .softmax(var softmax):
      if case .keysFrom(let first) = softmax.mask { softmax.mask = .keysFrom(thin(first)) }
      if case .window(let radius) = softmax.mask { softmax.mask = .window(radius / stride) }
      if case .causal(let ahead) = softmax.mask { softmax.mask = .causal(ahead: ahead / stride) }
      if case .chunks(let length) = softmax.mask {
        softmax.mask = .chunks((length + stride - 1) / stride)
      }
      let padding = softmax.numUnmaskedPaddingKeys
      softmax.numUnmaskedPaddingKeys = (padding + stride - 1) / stride
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
