import EncoderModel
import TensorCore

/// What the error model of fused attention needs of probabilities and scores, row after row.
///
/// `@unchecked Sendable`: rows may be added by several threads at once; each writes the slots of
/// its own row and of its own block of queries, and nobody reads before all have finished.
final class AttentionMoments: @unchecked Sendable {
  let builder: ErrorModelBuilder
  let numHeads: Int
  let numQueries: Int
  let numKeys: Int
  let storage: StorageRounding
  /// The scores' products by head, and their separable weight with scale² in it.
  private let products: [ProductVariance]
  private let factors: [HeadFactors]
  private let weights: [Double]
  private let energy: Double
  private let numBlocks: Int
  /// By head and query.
  private let rows: UnsafeMutablePointer<RowMoments>
  /// Σᵢ p² over the queries of a block, by head, block and key.
  private let keyWeights: UnsafeMutablePointer<Double>

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
    factors = products.map(HeadFactors.init)
    let operands = 4 + storage.input(0) + storage.input(1) + builder.operandVariance
    weights = products.map {
      $0.separableWeight(operands: operands) * scores.scale * scores.scale
    }
    energy = products.reduce(0) { $0 + $1.total } * scores.scale * scores.scale
    numBlocks = (numQueries + AttentionRow.blockLength - 1) / AttentionRow.blockLength
    rows = .allocate(capacity: max(numHeads * numQueries, 1))
    keyWeights = .allocate(capacity: max(numHeads * numBlocks * numKeys, 1))
    keyWeights.initialize(repeating: 0, count: numHeads * numBlocks * numKeys)
  }

  deinit {
    rows.deallocate()
    keyWeights.deallocate()
  }

  /// Takes in one row of the maps; every row of every head has to come once.
  func add(_ row: AttentionRow) {
    let head = row.head
    let block = head * numBlocks + row.query / AttentionRow.blockLength
    (rows + head * numQueries + row.query).initialize(
      to: RowMoments(
        scores: row.scores, probabilities: row.probabilities, head: factors[head],
        rowFactor: products[head].rows[row.query] * weights[head], unit: builder.claim.unit,
        keyWeights: keyWeights + block * numKeys))
  }

  /// The model of the context, given the values.
  func model(v: Tensor) -> ErrorModel {
    let keys = Double(numKeys)
    var total = energy
    let panels = builder.withHeads(v, v, numHeads: numHeads) { head, values, _ in
      let (square, spread) = weightedMoments(values, keyWeight(of: head))
      let operands = 5 + storage.input(2) + builder.operandVariance
      let moments = UnsafeBufferPointer(start: rows + head * numQueries, count: numQueries)
      let finite = moments.reduce(0.0) { $1.concentration.isFinite ? $0 + $1.concentration : $0 }
      total += finite * square.reduce(0, +)
      return ErrorPanel(
        rows: numQueries, columns: values.columns, offset: head * values.columns,
        rowStride: v.innerExtent,
        separable: [
          .init(row: moments.map(\.scoreWeight), column: spread),
          .init(
            row: moments.map { $0.concentration * (keys / 6 + operands) }, column: square),
        ],
        coherent: [Double](repeating: 2 * keys / 3 + 8, count: numQueries), floor: builder.floor)
    }
    var model = ErrorModel(panels: panels, unit: builder.claim.unit, productEnergy: total)
    model.deviations = ErrorModel.pooledDeviations
    return model
  }

  /// Σᵢ p² for each key of a head.
  private func keyWeight(of head: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: numKeys)
    for block in 0..<numBlocks {
      let part = keyWeights + (head * numBlocks + block) * numKeys
      for j in sums.indices { sums[j] += part[j] }
    }
    return sums
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
      let weight = weights[j]
      let row = v.base + j &* v.rowStride
      for d in 0..<v.columns where row[d].isFinite {
        let value = Double(row[d])
        sums[d] += weight * value
        squares[d] += weight * (value * value)
      }
    }
    let square = squares.map { $0 / total }
    let spread = square.indices.map { max(square[$0] - sums[$0] * sums[$0] / (total * total), 0) }
    return (square, spread)
  }
}
