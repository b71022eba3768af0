import EncoderModel
import TensorCore

extension BLASExecutor {
  /// x·Wᵀ + b.
  /// - Note: Source openai/whisper model.py `Linear`.
  func linear(_ linear: Linear, _ x: Tensor, _ node: String) throws -> Tensor {
    let weight = try weights.resolve(linear.weight)
    let depth = x.innerExtent
    guard weight.shape.count == 2, weight.shape[1] == depth else {
      throw BLASError.wrongShape(
        node: node, expected: "a weight [out, \(depth)]", found: weight.shape)
    }
    let columns = weight.shape[0]
    let bias = try linear.bias.map { try vector($0, columns, node) }
    let operand = rounded(x, linear.precision.operands)
    let rows = operand.rowCount
    let library = try openBLAS()
    let result = Tensor.float32([rows, columns]) { out in
      withPointers(operand, weight) { a, b in
        guard let result = out.baseAddress else { return }
        nonisolated(unsafe) let (a, b, c) = (a, b, result)
        forEachPart(rows, grain: Self.rowGrain) { part in
          if bias != nil { fill(c, rows: part, columns: columns, with: bias) }
          library.multiply(
            m: part.count, n: columns, k: depth,
            Matrix(a + part.lowerBound * depth, rowStride: depth), Matrix(b, rowStride: depth),
            transposesB: true, accumulates: bias != nil, into: c + part.lowerBound * columns,
            rowStride: columns)
        }
      }
    }
    return rounded(result, linear.precision.result)
  }

  /// Threads share rows in multiples of this: whole register tiles of OpenBLAS's kernels.
  static let rowGrain = 48

  /// Writes the bias, or zeros, into some rows, for products to add to.
  func fill(
    _ target: UnsafeMutablePointer<Float>, rows: Range<Int>, columns: Int, with bias: Tensor?
  ) {
    guard let bias else {
      (target + rows.lowerBound * columns).update(repeating: 0, count: rows.count * columns)
      return
    }
    bias.withFloat32 { source in
      guard let values = source.baseAddress else { return }
      for row in rows { (target + row * columns).update(from: values, count: columns) }
    }
  }

  /// Lends two tensors' elements; nothing happens where one is empty.
  func withPointers(
    _ first: Tensor, _ second: Tensor,
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>) -> Void
  ) {
    first.withFloat32 { a in
      second.withFloat32 { b in
        if let a = a.baseAddress, let b = b.baseAddress { body(a, b) }
      }
    }
  }
}
