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

@Suite("Attention over equal keys, whose rounding errors add up")
struct EqualKeyTests {
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
}
