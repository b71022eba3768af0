import BLASArithmetic
import EncoderModel
import TensorCore

extension BLASExecutor {
  /// Queries whose scores are in memory at once: their rows stay in the second-level cache between
  /// the two products and the softmax.
  private static let queryBlock = 192

  /// softmax(scale·q·kᵀ)·v for each head.
  /// - Note: Source openai/whisper model.py `MultiHeadAttention.qkv_attention`.
  func attention(
    _ scores: AttentionScores, _ softmax: Softmax, _ context: AttentionContext,
    _ inputs: [Tensor], _ node: String
  ) throws -> Tensor {
    let (q, k, v) = (inputs[0], inputs[1], inputs[2])
    let width = q.innerExtent
    let depth = try headDim(width, scores.numHeads, node)
    guard k.innerExtent == width, v.innerExtent == width, k.rowCount == v.rowCount else {
      throw BLASError.wrongShape(node: node, expected: "k and v like \(q.shape)", found: k.shape)
    }
    let (queries, keys) = (q.rowCount, k.rowCount)
    let library = try openBLAS()
    let blocks = (queries + Self.queryBlock - 1) / Self.queryBlock
    let map = Tensor.float32([queries, width]) { out in
      withPointers(q, k) { q, k in
        v.withFloat32 { v in
          guard let values = v.baseAddress, let result = out.baseAddress else { return }
          nonisolated(unsafe) let (q, k, v, target) = (q, k, values, result)
          forEachTask(scores.numHeads * blocks, scratch: Self.queryBlock * keys) { task, block in
            let offset = task / blocks * depth
            let first = task % blocks * Self.queryBlock
            let rows = min(Self.queryBlock, queries - first)
            library.multiply(
              m: rows, n: keys, k: depth, alpha: Float(scores.scale),
              Matrix(q + first * width + offset, rowStride: width),
              Matrix(k + offset, rowStride: width), transposesB: true, into: block,
              rowStride: keys)
            softmaxRows(block, rows: 0..<rows, keys: keys, softmax, firstQuery: first)
            library.multiply(
              m: rows, n: depth, k: keys, Matrix(block, rowStride: keys),
              Matrix(v + offset, rowStride: width), transposesB: false,
              into: target + first * width + offset, rowStride: width)
          }
        }
      }
    }
    return reordered(map, context.headOrder, heads: context.numHeads)
  }

  /// Softmax of rows of scores in place, on the calling thread, masked from query `firstQuery` on.
  func softmaxRows(
    _ scores: UnsafeMutablePointer<Float>, rows: Range<Int>, keys: Int, _ softmax: Softmax,
    firstQuery: Int
  ) {
    for row in rows {
      let line = scores + row * keys
      softmax.mask.apply(to: line, count: keys, query: firstQuery + row)
      arithmetic.softmaxRow(line, keys, softmax.numUnmaskedPaddingKeys)
    }
  }

  /// Channels of one head.
  func headDim(_ width: Int, _ heads: Int, _ node: String) throws -> Int {
    guard heads > 0, width % heads == 0 else {
      throw BLASError.wrongShape(
        node: node, expected: "channels that split into \(heads) heads", found: [width])
    }
    return width / heads
  }
}
