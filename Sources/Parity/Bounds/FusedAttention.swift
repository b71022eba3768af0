import EncoderModel
import TensorCore

/// Scores, softmax and context as one operation, where no attention map was dumped: Float64 over
/// blocks of queries, so that no `[heads, T, T]` is ever held.
///
/// Error model of oᵢ = Σⱼ pᵢⱼvⱼ, per head, in units of u²:
/// - an error εᵢⱼ of score and exponential moves o by Σⱼ pᵢⱼ(vⱼ − oᵢ)εᵢⱼ. V(ε) is that of the score's
///   product, plus |s − m|² and 16 as for a softmax. Summed over keys with weights p², exactly, it
///   is Wᵢ; the spread of v around its p²-weighted mean stands for (v − o)²: Wᵢ·D_d;
/// - the product over T keys: (T/6 + 5)·Σⱼ pᵢⱼ²vⱼ² from marginals, and T/3·o² for coherent sums;
/// - the normaliser, a coherent sum of T positive terms: T/3·o² again. Streaming softmax rescales
///   partial sums, a few roundings more.
struct FusedAttention {
  var scores: ProgramNode
  var softmax: ProgramNode
  var context: ProgramNode
  var oracle: any OperationEvaluator

  /// Queries a block.
  private static let blockRows = 128

  /// The context for q, k, v `[T, C]`, and its error model where a builder is given.
  func evaluate(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, builder: ErrorModelBuilder?, storage: StorageRounding
  ) throws -> (value: Tensor, model: ErrorModel?) {
    let (frames, width) = (q.rowCount, q.innerExtent)
    guard let builder, case .attentionScores(let product) = scores.operation else {
      return (
        try oracle.evaluateAttention(
          scores: scores, softmax: softmax, context: context, query: q, key: k, value: v), nil
      )
    }
    var collector = AttentionMoments(
      builder: builder, q: q, k: k, scores: product, storage: storage)
    var blocks: [Tensor] = []
    for start in stride(from: 0, to: frames, by: Self.blockRows) {
      let rows = start..<min(start + Self.blockRows, frames)
      let (s, p, o) = try block(q.slicedRows(rows), k, v)
      collector.add(rows: rows, scores: s, probabilities: p)
      blocks.append(o)
    }
    let value = Tensor.float64([frames, width]) { target in
      var offset = 0
      for block in blocks {
        block.withFloat64 { source in
          for i in source.indices { target[offset + i] = source[i] }
          offset += source.count
        }
      }
    }
    var model = collector.model(v: v)
    model.elementVariance = collector.elementVariance(q, k, v, scale: product.scale)
    return (value, model)
  }

  private func block(_ q: Tensor, _ k: Tensor, _ v: Tensor) throws -> (Tensor, Tensor, Tensor) {
    func sized(_ node: ProgramNode, _ shape: [Int]) -> ProgramNode {
      var copy = node
      copy.shape = shape
      return copy
    }
    let heads = scores.shape.first ?? 1
    let map = [heads, q.rowCount, k.rowCount]
    let s = try oracle.evaluate(sized(scores, map), inputs: [q, k])
    let p = try oracle.evaluate(sized(softmax, map), inputs: [s])
    let o = try oracle.evaluate(
      sized(context, [q.rowCount, context.shape.last ?? 1]), inputs: [p, v])
    return (s, p, o)
  }
}

/// What the error model of fused attention needs of probabilities and scores, block after block.
struct AttentionMoments {
  let builder: ErrorModelBuilder
  let numHeads: Int
  let numQueries: Int
  let numKeys: Int
  let storage: StorageRounding
  /// The scores' products by head, and their separable weight with scale² in it.
  private let products: [ProductVariance]
  private let weights: [Double]
  private let energy: Double
  /// Σⱼ p², and the weight W of score errors, by head and query.
  private var concentration: [[Double]]
  private var scoreWeight: [[Double]]
  /// Σᵢ p² by head and key.
  private var keyWeight: [[Double]]

  init(
    builder: ErrorModelBuilder, q: Tensor, k: Tensor, scores: AttentionScores,
    storage: StorageRounding
  ) {
    self.builder = builder
    self.storage = storage
    numHeads = scores.numHeads
    numQueries = q.rowCount
    numKeys = k.rowCount
    products = builder.withHeads(q, k, numHeads: scores.numHeads) { _, a, b in
      .rowsByRows(a, b)
    }
    let operands = 4 + storage.input(0) + storage.input(1) + builder.operandVariance
    weights = products.map {
      $0.separableWeight(operands: operands) * scores.scale * scores.scale
    }
    energy = products.reduce(0) { $0 + $1.total } * scores.scale * scores.scale
    concentration = [[Double]](
      repeating: [Double](repeating: 0, count: q.rowCount), count: scores.numHeads)
    scoreWeight = concentration
    keyWeight = [[Double]](
      repeating: [Double](repeating: 0, count: k.rowCount), count: scores.numHeads)
  }

  /// Takes in queries `rows` of every head; both maps `[heads, rows, keys]` in Float64.
  mutating func add(rows: Range<Int>, scores: Tensor, probabilities: Tensor) {
    let keys = numKeys
    for head in products.indices {
      let product = products[head]
      let weight = weights[head]
      let unit = builder.claim.unit
      let parts = scores.withFloat64 { sBuffer in
        probabilities.withFloat64 { pBuffer -> [BlockMoments] in
          nonisolated(unsafe) let s = sBuffer
          nonisolated(unsafe) let p = pBuffer
          return mapChunks(rows.count, chunk: 32) { chunk in
            var moments = BlockMoments(keys: keys)
            for row in chunk {
              let start = (head * rows.count + row) * keys
              moments.add(
                p: UnsafeBufferPointer(rebasing: p[start..<(start + keys)]),
                s: UnsafeBufferPointer(rebasing: s[start..<(start + keys)]),
                rowFactor: product.rows[rows.lowerBound + row] * weight, product: product,
                unit: unit)
            }
            return moments
          }
        }
      }
      var row = rows.lowerBound
      for part in parts {
        for index in part.concentration.indices {
          concentration[head][row] = part.concentration[index]
          scoreWeight[head][row] = part.scoreWeight[index]
          row += 1
        }
        for j in 0..<keys { keyWeight[head][j] += part.keyWeight[j] }
      }
    }
  }

  /// The model of the context, given the values.
  func model(v: Tensor) -> ErrorModel {
    let keys = Double(numKeys)
    var total = energy
    let panels = builder.withHeads(v, v, numHeads: numHeads) { head, values, _ in
      let (square, spread) = weightedMoments(values, keyWeight[head])
      let operands = 5 + storage.input(2) + builder.operandVariance
      let finite = concentration[head].reduce(0) { $1.isFinite ? $0 + $1 : $0 }
      total += finite * square.reduce(0, +)
      return ErrorPanel(
        rows: numQueries, columns: values.columns, offset: head * values.columns,
        rowStride: v.innerExtent,
        separable: [
          .init(row: scoreWeight[head], column: spread),
          .init(row: concentration[head].map { $0 * (keys / 6 + operands) }, column: square),
        ],
        coherent: [Double](repeating: 2 * keys / 3 + 8, count: numQueries), floor: builder.floor)
    }
    var model = ErrorModel(panels: panels, unit: builder.claim.unit, productEnergy: total)
    model.deviations = ErrorModel.pooledDeviations
    return model
  }

  /// Per channel, the mean of v² and the variance of v over keys, weighted.
  private func weightedMoments(_ v: MatrixView, _ weights: [Double])
    -> (square: [Double], spread: [Double])
  {
    let total = weights.reduce(0) { $1.isFinite ? $0 + $1 : $0 }
    var sums = [Double](repeating: 0, count: v.columns)
    var squares = sums
    guard total > 0 else { return (sums, sums) }
    for j in 0..<v.rows where weights[j].isFinite {
      for d in 0..<v.columns {
        let value = v[j, d]
        guard value.isFinite else { continue }
        sums[d] += weights[j] * value
        squares[d] += weights[j] * value * value
      }
    }
    let square = squares.map { $0 / total }
    let spread = square.indices.map { max(square[$0] - sums[$0] * sums[$0] / (total * total), 0) }
    return (square, spread)
  }
}
