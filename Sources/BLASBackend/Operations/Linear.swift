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
    let result = Tensor.float32([rows, columns]) { out in
      fill(out, rows: rows, with: bias)
      withPointers(operand, weight) { a, b in
        guard let c = out.baseAddress else { return }
        multiply(
          m: rows, n: columns, k: depth, Matrix(a, rowStride: depth), Matrix(b, rowStride: depth),
          transposesB: true, accumulates: bias != nil, into: c, rowStride: columns)
      }
    }
    return rounded(result, linear.precision.result)
  }

  /// Writes the bias into every row, for products to add to; nothing without one.
  func fill(_ out: UnsafeMutableBufferPointer<Float>, rows: Int, with bias: Tensor?) {
    guard let bias, let target = out.baseAddress else { return }
    bias.withFloat32 { source in
      guard let values = source.baseAddress else { return }
      for row in 0..<rows {
        (target + row * source.count).update(from: values, count: source.count)
      }
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
