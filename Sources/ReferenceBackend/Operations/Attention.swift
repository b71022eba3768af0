/// Attention from q, k and v to the context, without maps that are larger than a block of queries.
import EncoderModel
import ReferenceArithmetic
import TensorCore

/// The three operations of scaled dot-product attention.
struct AttentionOperations {
  var scores: AttentionScores
  var softmax: Softmax
  var context: AttentionContext

  /// Whether queries can be dealt with one by one, each map's row used as it is.
  var isStreamable: Bool {
    softmax.axis == .keys && scores.precision == .exact && context.precision == .exact
      && scores.numHeads == context.numHeads
  }
}

extension Calculator {
  /// softmax(scale·q·kᵀ)·v for each head: the same bits as step by step.
  ///
  /// A task is a block of queries of one head: their scores, 0.6 MB for 1500 keys, stay in the
  /// second-level cache.
  /// - Parameters: q, k, v: `[T, C]`; NaN propagates. observe: sees each row of the maps.
  /// - Returns: `[T, C]`.
  func attention(
    _ operations: AttentionOperations, _ q: Tensor, _ k: Tensor, _ v: Tensor, _ node: String,
    observing observe: ((AttentionRow) -> Void)? = nil
  ) throws -> Tensor {
    guard operations.isStreamable else {
      let scores = stored(try attentionScores(operations.scores, q, k, node))
      let probabilities = stored(softmax(operations.softmax, scores))
      if let observe {
        AttentionRow.forEach(scores: scores, probabilities: probabilities, observe)
      }
      return try attentionContext(operations.context, probabilities, v, node)
    }
    let heads = operations.scores.numHeads
    let headDim = try headDim(of: q, heads, node)
    guard q.innerExtent == k.innerExtent, k.shape == v.shape else {
      throw ReferenceError.wrongShape(
        node: node, expected: "q, k and v of one width", found: k.shape)
    }
    let (queries, keys, width) = (q.rowCount, k.rowCount, q.innerExtent)
    let packedKeys = k.withFloat64 { k in
      (0..<heads).map { head in
        multiplier.pack(
          k.start + head * headDim, columns: keys, depth: headDim, columnStride: width)
      }
    }
    let packedValues = v.withFloat64 { v in
      (0..<heads).map { head in
        multiplier.pack(
          v.start + head * headDim, columns: headDim, depth: keys, columnStride: 1,
          depthStride: width)
      }
    }
    let length = AttentionRow.blockLength
    let blocks = (queries + length - 1) / length
    let result = Tensor.float64([queries, width]) { out in
      q.withRows { q in
        multiplier.workers.run(
          heads * blocks, scratch: multiplier.scratchCount + (length + 1) * keys
        ) { task, scratch in
          let head = task / blocks
          let first = task % blocks * length
          attentionBlock(
            operations, head, q.columns(from: head * headDim),
            first..<min(first + length, queries), packedKeys[head], packedValues[head],
            into: out.start + first * width + head * headDim, width, scratch, observe)
        }
      }
    }
    return reordered(result, operations.context.headOrder, heads: heads)
  }

  /// One head's context for a block of queries.
  private func attentionBlock(
    _ operations: AttentionOperations, _ head: Int, _ q: MatrixView, _ queries: Range<Int>,
    _ k: PackedMatrix, _ v: PackedMatrix, into out: UnsafeMutablePointer<Double>,
    _ outStride: Int, _ scratch: UnsafeMutablePointer<Double>,
    _ observe: ((AttentionRow) -> Void)?
  ) {
    let keys = k.columns
    let map = scratch + multiplier.scratchCount
    let unmasked = map + queries.count * keys
    multiplier.multiplyBlock(
      q, rows: queries, k, panels: 0..<k.panelCount, into: map, cStride: keys, scratch: scratch)
    for query in queries {
      let row = map + (query - queries.lowerBound) * keys
      scale(row, keys, by: operations.scores.scale)
      store(row, keys)
      if observe != nil { unmasked.update(from: row, count: keys) }
      operations.softmax.mask.apply(to: row, count: keys, query: query)
      multiplier.arithmetic.softmaxRow(row, keys, operations.softmax.numUnmaskedPaddingKeys)
      store(row, keys)
      observe?(
        AttentionRow(
          head: head, query: query, scores: UnsafeBufferPointer(start: unmasked, count: keys),
          probabilities: UnsafeBufferPointer(start: row, count: keys)))
    }
    multiplier.multiplyBlock(
      MatrixView(base: map, rows: queries.count, rowStride: keys), rows: 0..<queries.count, v,
      panels: 0..<v.panelCount, into: out, cStride: outStride, scratch: scratch)
  }
}
