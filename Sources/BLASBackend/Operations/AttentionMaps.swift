import BLASArithmetic
import EncoderModel
import TensorCore

/// Attention step by step, its maps `[heads, queries, keys]` in full, for those who look at them.
extension BLASExecutor {
  /// scale·q·kᵀ for each head.
  func scores(_ scores: AttentionScores, _ q: Tensor, _ k: Tensor, _ node: String) throws -> Tensor
  {
    let (heads, width) = (scores.numHeads, q.innerExtent)
    let depth = try headDim(width, heads, node)
    guard k.innerExtent == width else {
      throw BLASError.wrongShape(node: node, expected: "keys like \(q.shape)", found: k.shape)
    }
    let (queries, keys) = (q.rowCount, k.rowCount)
    let query = rounded(q, scores.precision.operands, pieces: heads)
    let key = rounded(k, scores.precision.operands, pieces: heads)
    let library = try openBLAS()
    let map = Tensor.float32([heads, queries, keys]) { out in
      withPointers(query, key) { query, key in
        guard let result = out.baseAddress else { return }
        nonisolated(unsafe) let (query, key, target) = (query, key, result)
        forEachTask(heads, scratch: 0) { head, _ in
          library.multiply(
            m: queries, n: keys, k: depth, alpha: Float(scores.scale),
            Matrix(query + head * depth, rowStride: width),
            Matrix(key + head * depth, rowStride: width), transposesB: true,
            into: target + head * queries * keys, rowStride: keys)
        }
      }
    }
    return rounded(map, scores.precision.result)
  }

  /// exp(s − max)/Σ along the axis; what a mask hides is −∞ before.
  func softmax(_ softmax: Softmax, _ s: Tensor, _ node: String) throws -> Tensor {
    guard s.shape.count == 3 else {
      throw BLASError.wrongShape(node: node, expected: "[heads, T, T]", found: s.shape)
    }
    let (heads, queries, keys) = (s.shape[0], s.shape[1], s.shape[2])
    return Tensor.float32(s.shape) { out in
      s.withFloat32 { _ = out.update(fromContentsOf: $0) }
      guard let target = out.baseAddress else { return }
      guard softmax.axis != .keys else {
        nonisolated(unsafe) let maps = target
        forEachPart(heads * queries) { part in
          for line in part {
            softmaxRows(
              maps + line * keys, rows: 0..<1, keys: keys, softmax, firstQuery: line % queries)
          }
        }
        return
      }
      let (count, step) =
        softmax.axis == .queries ? (queries, keys) : (heads, queries * keys)
      let starts =
        softmax.axis == .queries
        ? (0..<heads).flatMap { head in (0..<keys).map { head * queries * keys + $0 } }
        : Array(0..<(queries * keys))
      nonisolated(unsafe) let values = target
      forEachRow(starts.count) { line in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { row in
          guard let row = row.baseAddress else { return }
          for i in 0..<count {
            let position = starts[line] + i * step
            let isHidden = softmax.mask.hides(
              key: position % keys, from: position / keys % queries)
            row[i] = isHidden ? -.infinity : values[position]
          }
          arithmetic.softmaxRow(row, count, 0)
          for i in 0..<count { values[starts[line] + i * step] = row[i] }
        }
      }
    }
  }

  /// probabilities·v for each head, the heads side by side.
  func context(_ context: AttentionContext, _ p: Tensor, _ v: Tensor, _ node: String) throws
    -> Tensor
  {
    let (heads, width) = (context.numHeads, v.innerExtent)
    let depth = try headDim(width, heads, node)
    guard p.shape.count == 3, p.shape[0] == heads, p.shape[2] == v.rowCount else {
      throw BLASError.wrongShape(
        node: node, expected: "probabilities [\(heads), T, \(v.rowCount)]", found: p.shape)
    }
    let (queries, keys) = (p.shape[1], p.shape[2])
    let map = rounded(p, context.precision.operands)
    let value = rounded(v, context.precision.operands, pieces: heads)
    let library = try openBLAS()
    let merged = Tensor.float32([queries, width]) { out in
      withPointers(map, value) { map, value in
        guard let result = out.baseAddress else { return }
        nonisolated(unsafe) let (map, value, target) = (map, value, result)
        forEachTask(heads, scratch: 0) { head, _ in
          library.multiply(
            m: queries, n: depth, k: keys, Matrix(map + head * queries * keys, rowStride: keys),
            Matrix(value + head * depth, rowStride: width), transposesB: false,
            into: target + head * depth, rowStride: width)
        }
      }
    }
    return reordered(rounded(merged, context.precision.result), context.headOrder, heads: heads)
  }

  /// `x` `[T, C]`, its heads in order, laid out as `order` says.
  func reordered(_ x: Tensor, _ order: AttentionContext.HeadOrder, heads: Int) -> Tensor {
    let (frames, width) = (x.rowCount, x.innerExtent)
    let depth = width / heads
    switch order {
    case .headMajor: return x
    case .channelMajor:
      return gathering(x) { frame, channel in (frame, channel % heads * depth + channel / heads) }
    case .reversed:
      return gathering(x) { frame, channel in
        (frame, (heads - 1 - channel / depth) * depth + channel % depth)
      }
    case .unpermuted:
      // [heads, T, depth] in memory, read as [T, C].
      return gathering(x) { frame, channel in
        let position = frame * width + channel
        return (position / depth % frames, position / (frames * depth) * depth + position % depth)
      }
    }
  }
}
