/// The derivative of softmax(scale·q·kᵀ)·v, head after head.
import EncoderModel
import ReferenceArithmetic
import TensorCore

extension Calculator {
  /// Cotangents of q, k and v `[T, C]` for a cotangent g of the context.
  ///
  /// With P the probabilities: ∂v = Pᵀg; ∂P = g·vᵀ; ∂S = P∘(∂P − rows' sums of ∂P∘P);
  /// ∂q = scale·∂S·k; ∂k = scale·∂Sᵀ·q. Two maps `[T, T]` of one head are held at a time.
  func attentionPullback(
    _ scores: AttentionScores, _ q: Tensor, _ k: Tensor, _ v: Tensor, _ cotangent: Tensor,
    _ node: String
  ) throws -> [Tensor] {
    let headDim = try headDim(of: q, scores.numHeads, node)
    let wide = [q, k, v, cotangent].map { $0.converted(to: .float64) }
    let results = wide.dropLast().map { HeadBuffer(shape: $0.shape) }
    for head in 0..<scores.numHeads {
      let parts = wide.map { HeadMatrix($0, columns: (head * headDim)..<((head + 1) * headDim)) }
      let pulled = pullbackHead(parts[0], parts[1], parts[2], parts[3], scale: scores.scale)
      for (buffer, part) in zip(results, pulled) { buffer.store(part, at: head * headDim) }
    }
    return results.map(\.tensor)
  }

  private func pullbackHead(
    _ q: HeadMatrix, _ k: HeadMatrix, _ v: HeadMatrix, _ g: HeadMatrix, scale: Double
  ) -> [HeadMatrix] {
    let keys = k.rows
    var map = product(q, k)
    var slope = product(g, v)
    map.values.withUnsafeMutableBufferPointer { p in
      slope.values.withUnsafeMutableBufferPointer { s in
        forEachRow(q.rows) { row in
          let (p, s) = (p.start + row * keys, s.start + row * keys)
          for j in 0..<keys { p[j] *= scale }
          multiplier.arithmetic.softmaxRow(p, keys, 0)
          var mean = 0.0
          for j in 0..<keys { mean += s[j] * p[j] }
          for j in 0..<keys { s[j] = p[j] * (s[j] - mean) * scale }
        }
      }
    }
    let query = product(slope, k.transposed)
    let key = product(slope.transposed, q.transposed)
    let value = product(map.transposed, g.transposed)
    return [query, key, value]
  }

  /// a·bᵀ.
  private func product(_ a: HeadMatrix, _ b: HeadMatrix) -> HeadMatrix {
    var result = HeadMatrix(rows: a.rows, columns: b.rows)
    let width = b.rows
    b.values.withUnsafeBufferPointer { right in
      let packed = multiplier.pack(
        right.start, columns: b.rows, depth: b.columns, columnStride: b.columns)
      a.values.withUnsafeBufferPointer { left in
        result.values.withUnsafeMutableBufferPointer { out in
          multiplier.multiply(
            MatrixView(base: left.start, rows: a.rows, rowStride: a.columns), packed,
            into: out.start, cStride: width)
        }
      }
    }
    return result
  }
}

/// A dense matrix of one head.
private struct HeadMatrix {
  var rows: Int
  var columns: Int
  var values: [Double]

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    values = [Double](repeating: 0, count: rows * columns)
  }

  /// Some columns of an activation.
  init(_ tensor: Tensor, columns range: Range<Int>) {
    self.init(rows: tensor.rowCount, columns: range.count)
    let width = tensor.innerExtent
    let (rows, count) = (self.rows, range.count)
    tensor.withFloat64 { source in
      values.withUnsafeMutableBufferPointer { target in
        for row in 0..<rows {
          for j in 0..<count {
            target[row * count + j] = source[row * width + range.lowerBound + j]
          }
        }
      }
    }
  }

  var transposed: HeadMatrix {
    var result = HeadMatrix(rows: columns, columns: rows)
    let (rows, columns) = (rows, columns)
    values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        for row in 0..<rows {
          for j in 0..<columns { target[j * rows + row] = source[row * columns + j] }
        }
      }
    }
    return result
  }
}

/// An activation that is filled head by head.
private final class HeadBuffer {
  private let shape: [Int]
  private var values: [Double]

  init(shape: [Int]) {
    self.shape = shape
    values = [Double](repeating: 0, count: shape.reduce(1, *))
  }

  func store(_ part: HeadMatrix, at column: Int) {
    let width = shape.last ?? 1
    for row in 0..<part.rows {
      for j in 0..<part.columns {
        values[row * width + column + j] = part.values[row * part.columns + j]
      }
    }
  }

  var tensor: Tensor { Tensor(values, shape: shape) }
}
