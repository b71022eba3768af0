import EncoderModel
import Parity
import ReferenceBackend
import TensorCore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which keys of an attention are equal.
enum EqualKeys: String, CaseIterable, Sendable {
  case all, lastHalf, allButOne, alternating, sevenInTurn, keysAlone

  /// The row of noise that row `t` of `count` repeats.
  func source(_ t: Int, _ count: Int) -> Int {
    switch self {
    case .all, .keysAlone: 0
    case .lastHalf: t < count / 2 ? t : count / 2
    case .allButOne: t == count / 3 ? 1 : 0
    case .alternating: t % 2
    case .sevenInTurn: t % 7
    }
  }
}

/// What engines do to attention besides summing in some order.
enum OperandFormat: String, CaseIterable, Sendable {
  case float32, tf32, bfloat16

  func rounded(_ x: Float) -> Float {
    let dropped: UInt32 =
      switch self {
      case .float32: 0
      case .tf32: 13
      case .bfloat16: 16
      }
    guard dropped > 0 else { return x }
    let half = (UInt32(1) << (dropped - 1)) - 1 + ((x.bitPattern >> dropped) & 1)
    return Float(bitPattern: ((x.bitPattern &+ half) >> dropped) << dropped)
  }
}

@Suite("Equal rows, whose rounding errors add up")
struct EqualRowTests {
  private static let path = "encoder.blocks.0.attn"
  private let dimensions = WhisperDimensions(
    numMels: 8, numAudioContext: 320, audioWidth: 8, numAudioHeads: 1, numAudioLayers: 1)
  private var program: EncoderProgram { EncoderProgram.whisper(dimensions) }

  /// Queries that differ; the others repeat them.
  private static let numQueries = 6

  private func rows(seed: UInt64, size: Double = 1, source: (Int) -> Int) -> Tensor {
    let width = dimensions.audioWidth
    return Tensor.float32([dimensions.numAudioContext, width]) { out in
      for i in out.indices {
        let row = source(i / width)
        let counter = UInt64(row * width + i % width)
        out[i] = Float(
          size * (2 * CounterHash.uniform(seed: seed, stream: 3, counter: counter) - 1))
      }
    }
  }

  private struct Attention {
    var q: Tensor
    var k: Tensor
    var v: Tensor
    var probabilities: Tensor
    var context: Tensor
  }

  /// Attention in Float32, every sum in `order`, operands of both products in `format`.
  private func attention(
    _ keys: EqualKeys, _ order: SummationOrder, _ format: OperandFormat = .float32, seed: UInt64
  ) -> Attention {
    let frames = dimensions.numAudioContext
    let q = rows(seed: seed, size: 2) { $0 % Self.numQueries }
    let k = rows(seed: seed + 1) { keys.source($0, frames) }
    let v =
      keys == .keysAlone
      ? hashedTensor(q.shape, seed: seed + 2)
      : rows(seed: seed + 2) { keys.source($0, frames) }
    let (width, heads) = (q.innerExtent, dimensions.numAudioHeads)
    let depth = width / heads
    let (a, b, c) = (
      q.float32Array.map(format.rounded), k.float32Array.map(format.rounded),
      v.float32Array.map(format.rounded)
    )
    var probabilities = [Float](repeating: 0, count: heads * frames * frames)
    var context = [Float](repeating: 0, count: frames * width)
    let ones = [Float](repeating: 1, count: frames)[...]
    for head in 0..<heads {
      let columns = (0..<depth).map { d in
        (0..<frames).map { c[$0 * width + head * depth + d] }[...]
      }
      for i in 0..<Self.numQueries {
        let row = a[(i * width + head * depth)...].prefix(depth)
        let scores = (0..<frames).map { j in
          order.dot(row, b[(j * width + head * depth)...].prefix(depth), bias: 0)
            * Float(1 / Double(depth).squareRoot())
        }
        let largest = scores.max() ?? 0
        let weights = scores.map { expf($0 - largest) }
        let total = order.dot(weights[...], ones, bias: 0)
        let p = weights.map { format.rounded($0 / total) }
        let o = columns.map { order.dot(p[...], $0, bias: 0) }
        for query in stride(from: i, to: frames, by: Self.numQueries) {
          for j in 0..<frames { probabilities[(head * frames + query) * frames + j] = p[j] }
          for d in 0..<depth { context[query * width + head * depth + d] = o[d] }
        }
      }
    }
    return Attention(
      q: q, k: k, v: v,
      probabilities: Tensor(probabilities, shape: [heads, frames, frames]),
      context: Tensor(context, shape: q.shape))
  }

  private func judged(_ attention: Attention, _ context: Tensor, withMaps: Bool) throws
    -> IntroducedError
  {
    let source = GivenWeights(tensors: [:])
    let judge = Judge(
      program: program, weights: source,
      oracle: ReferenceBackend(program: program, weights: source, threads: 1))
    var inputs = [
      "\(Self.path).query": attention.q, "\(Self.path).key": attention.k,
      "\(Self.path).value": attention.v,
    ]
    if withMaps { inputs["\(Self.path).probs"] = attention.probabilities }
    return try #require(
      try judge.introducedError(at: "\(Self.path).context", inputs: inputs, candidate: context))
  }

  @Test(
    "honest attention is rounding in every order, and ten times a plain sum's error is not",
    arguments: EqualKeys.allCases, SummationOrder.allCases)
  func attention(keys: EqualKeys, order: SummationOrder) throws {
    for seed in [UInt64(10), 20] {
      let run = attention(keys, order, seed: seed)
      for withMaps in [false, true] {
        let error = try judged(run, run.context, withMaps: withMaps)
        #expect(
          !error.verdict.isDivergence,
          "maps \(withMaps): \(error.worstRatio), rms \(error.rmsRatio)")
        guard order == .sequential else { continue }
        let worse = try judged(
          run, disturbed(run.context, error, by: 10), withMaps: withMaps)
        #expect(worse.verdict.isDivergence, "maps \(withMaps): \(worse.worstRatio)")
      }
    }
  }

  @Test(
    "reduced precision is still seen", arguments: EqualKeys.allCases,
    [OperandFormat.tf32, .bfloat16])
  func precision(keys: EqualKeys, format: OperandFormat) throws {
    let run = attention(keys, .sequential, format, seed: 5)
    let error = try judged(run, run.context, withMaps: false)
    #expect(error.verdict.isDivergence, "\(error.worstRatio)")
  }

  @Test("a plain sum of equal terms errs in proportion to their number")
  func equalTerms() throws {
    for depth in [64, 384, 1536] {
      let x = Tensor([Float](repeating: 0.7, count: 8 * depth), shape: [8, depth])
      let w = Tensor(
        (0..<16 * depth).map { Float(1.1 + Double($0 / depth) / 9) }, shape: [16, depth])
      let (a, b) = (x.float32Array, w.float32Array)
      let y = Tensor.float32([8, 16]) { out in
        for i in out.indices {
          out[i] = SummationOrder.sequential.dot(
            a[(i / 16 * depth)...].prefix(depth), b[(i % 16 * depth)...].prefix(depth), bias: 0)
        }
      }
      let operation = Operation.linear(Linear(weight: WeightReference("w"), bias: nil))
      let error = try judgedAlone(operation, weights: ["w": w], x, y)
      #expect(error.verdict == .rounding, "depth \(depth): \(error.worstRatio)")
      let worse = try judgedAlone(
        operation, weights: ["w": w], x, disturbed(y, error, by: 10))
      #expect(worse.verdict.isDivergence, "depth \(depth): \(worse.worstRatio)")
    }
  }

  @Test("a softmax over equal scores is rounding in a plain sum", arguments: [1.0, 0.3, 0.01])
  func softmax(step: Double) throws {
    let (heads, frames) = (2, 320)
    let scores = Tensor.float32([heads, frames, frames]) { out in
      for i in out.indices { out[i] = i % frames == 0 ? Float(step) : 0 }
    }
    let values = scores.float32Array
    let output = Tensor.float32(scores.shape) { out in
      for row in 0..<(heads * frames) {
        let part = values[(row * frames)...].prefix(frames)
        let largest = part.max() ?? 0
        let weights = part.map { expf($0 - largest) }
        let total = weights.reduce(Float(0), +)
        for j in 0..<frames { out[row * frames + j] = weights[j] / total }
      }
    }
    let source = GivenWeights(tensors: [:])
    let judge = Judge(
      program: program, weights: source,
      oracle: ReferenceBackend(program: program, weights: source, threads: 1))
    let inputs = ["\(Self.path).scores": scores]
    let error = try #require(
      try judge.introducedError(
        at: "\(Self.path).probs", inputs: inputs, candidate: output))
    #expect(error.verdict == .rounding, "\(error.worstRatio), rms \(error.rmsRatio)")
    let worse = try #require(
      try judge.introducedError(
        at: "\(Self.path).probs", inputs: inputs, candidate: disturbed(output, error, by: 10)))
    #expect(worse.verdict.isDivergence, "\(worse.worstRatio)")
  }

  @Test("a layer norm of equal rows shows no other epsilon", arguments: [UInt64(1), 2, 3, 4, 5])
  func layerNorm(seed: UInt64) throws {
    let (numRows, width) = (300, 64)
    let x = Tensor.float32([numRows, width]) { out in
      for i in out.indices {
        // The second half repeats one row of small values, where the root's error is one and the same.
        let row = i / width < numRows / 2 ? i / width : numRows / 2
        let counter = UInt64(row * width + i % width)
        let draw = 2 * CounterHash.uniform(seed: seed, stream: 7, counter: counter) - 1
        out[i] = Float(draw * (row == numRows / 2 ? 0.05 : 3 + 2 * Double(row % 7)))
      }
    }
    let weights = ["w": hashedTensor([width], seed: 8), "b": hashedTensor([width], seed: 9)]
    let (a, gain, bias) = (
      x.float32Array, weights["w"]?.float32Array ?? [], weights["b"]?.float32Array ?? []
    )
    func output(_ epsilon: Float) -> Tensor {
      Tensor.float32(x.shape) { out in
        for i in 0..<numRows {
          let row = a[(i * width)...].prefix(width)
          let mean = row.reduce(0, +) / Float(width)
          let variance = row.reduce(Float(0)) { $0 + ($1 - mean) * ($1 - mean) } / Float(width)
          let scale = 1 / (variance + epsilon).squareRoot()
          for j in 0..<width {
            out[i * width + j] = (a[i * width + j] - mean) * scale * gain[j] + bias[j]
          }
        }
      }
    }
    let operation = Operation.layerNorm(
      LayerNorm(weight: WeightReference("w"), bias: WeightReference("b")))
    let sound = try judgedAlone(operation, weights: weights, x, output(1e-5))
    #expect(!sound.verdict.isDivergence, "\(sound.worstRatio) \(sound.evidence ?? "")")
    let other = try judgedAlone(operation, weights: weights, x, output(1.2e-5))
    #expect(other.verdict == .structural, "\(other.worstRatio)")
  }
}
