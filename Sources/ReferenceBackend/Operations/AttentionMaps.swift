/// Attention step by step, with its maps `[heads, queries, keys]` in full.
import EncoderModel
import ReferenceArithmetic
import TensorCore

extension Calculator {
  /// scale·q·kᵀ for each head.
  /// - Parameters: q, k: `[T, C]`; NaN propagates.
  /// - Returns: `[heads, T, T]`.
  /// - Note: Source openai/whisper model.py `MultiHeadAttention.qkv_attention`.
  func attentionScores(
    _ scores: AttentionScores, _ q: Tensor, _ k: Tensor, _ node: String
  ) throws -> Tensor {
    let heads = scores.numHeads
    let headDim = try headDim(of: q, heads, node)
    guard q.innerExtent == k.innerExtent else {
      throw ReferenceError.wrongShape(node: node, expected: "keys like \(q.shape)", found: k.shape)
    }
    let query = rounded(q, scores.precision.operands, pieces: heads)
    let key = rounded(k, scores.precision.operands, pieces: heads)
    let queries = q.rowCount
    let keys = k.rowCount
    let result = Tensor.float64([heads, queries, keys]) { out in
      query.withRows { query in
        key.withRows { key in
          for head in 0..<heads {
            let map = out.start + head * queries * keys
            multiplier.multiply(
              query.columns(from: head * headDim),
              multiplier.pack(
                key.base + head * headDim, columns: keys, depth: headDim,
                columnStride: key.rowStride),
              into: map, cStride: keys)
            forEachRow(queries) { scale(map + $0 * keys, keys, by: scores.scale) }
          }
        }
      }
    }
    return rounded(result, scores.precision.result, pieces: 1)
  }

  /// exp(s − max)/Σ along the axis; what a mask hides is −∞ before.
  /// `s`: `[heads, T, T]`; NaN spreads along the axis.
  func softmax(_ softmax: Softmax, _ s: Tensor) -> Tensor {
    if softmax.axis == .keys { return softmaxOverKeys(softmax, s) }
    let (heads, queries, keys) = (s.shape[0], s.shape[1], s.shape[2])
    let isOverQueries = softmax.axis == .queries
    let (lines, count, step) =
      isOverQueries ? (heads * keys, queries, keys) : (queries * keys, heads, queries * keys)
    return Tensor.float64(s.shape) { out in
      s.withFloat64 { source in
        multiplier.workers.run(lines, scratch: count) { line, values in
          let first = isOverQueries ? line / keys * queries * keys + line % keys : line
          for i in 0..<count {
            let position = first + i * step
            let isHidden =
              softmax.mask.hides(key: position % keys, from: position / keys % queries)
            values[i] = isHidden ? -.infinity : source[position]
          }
          multiplier.arithmetic.softmaxRow(values, count, 0)
          for i in 0..<count { out[first + i * step] = values[i] }
        }
      }
    }
  }

  /// The same along the keys: row by row in place.
  private func softmaxOverKeys(_ softmax: Softmax, _ s: Tensor) -> Tensor {
    let (queries, keys) = (s.shape[1], s.shape[2])
    return Tensor.float64(s.shape) { out in
      s.withFloat64 { source in
        forEachRow(s.shape[0] * queries) { line in
          let row = out.start + line * keys
          row.update(from: source.start + line * keys, count: keys)
          softmax.mask.apply(to: row, count: keys, query: line % queries)
          multiplier.arithmetic.softmaxRow(row, keys, softmax.numUnmaskedPaddingKeys)
        }
      }
    }
  }

  /// probabilities·v for each head, the heads side by side.
  /// - Parameters: p: `[heads, T, T]`; v: `[T, C]`.
  /// - Returns: `[T, C]`.
  func attentionContext(
    _ context: AttentionContext, _ p: Tensor, _ v: Tensor, _ node: String
  ) throws -> Tensor {
    let heads = context.numHeads
    let headDim = try headDim(of: v, heads, node)
    guard p.shape.count == 3, p.shape[0] == heads, p.shape[2] == v.rowCount else {
      throw ReferenceError.wrongShape(
        node: node, expected: "probabilities [\(heads), T, \(v.rowCount)]", found: p.shape)
    }
    let probabilities = rounded(p, context.precision.operands, pieces: 1)
    let value = rounded(v, context.precision.operands, pieces: heads)
    let (queries, keys, width) = (p.shape[1], p.shape[2], v.innerExtent)
    let merged = Tensor.float64([queries, width]) { out in
      probabilities.withFloat64 { map in
        value.withFloat64 { value in
          for head in 0..<heads {
            let rows = MatrixView(
              base: map.start + head * queries * keys, rows: queries, rowStride: keys)
            let packed = multiplier.pack(
              value.start + head * headDim, columns: headDim, depth: keys, columnStride: 1,
              depthStride: width)
            multiplier.multiply(rows, packed, into: out.start + head * headDim, cStride: width)
          }
        }
      }
    }
    let result = rounded(merged, context.precision.result, pieces: 1)
    return reordered(result, context.headOrder, heads: heads)
  }

  /// Channels of one head.
  func headDim(of x: Tensor, _ heads: Int, _ node: String) throws -> Int {
    guard heads > 0, x.innerExtent % heads == 0 else {
      throw ReferenceError.notSplittable(node: node, channels: x.innerExtent, heads: heads)
    }
    return x.innerExtent / heads
  }

  @inline(__always)
  func scale(_ row: UnsafeMutablePointer<Double>, _ count: Int, by factor: Double) {
    for i in 0..<count { row[i] *= factor }
  }
}
