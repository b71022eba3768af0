/// A dense layer.
import EncoderModel
import TensorCore

extension Calculator {
  /// y = x·Wᵀ + b.
  /// `x`: `[T, in]`; NaN propagates.
  /// Returns `[T, out]`.
  /// - Note: Source openai/whisper model.py `Linear`.
  func linear(_ layer: Linear, _ x: Tensor, _ node: String) throws -> Tensor {
    let weight = try weights.resolve(layer.weight)
    guard weight.shape.count == 2, weight.shape[1] == x.innerExtent else {
      throw ReferenceError.wrongShape(
        node: node, expected: "a weight [out, \(x.innerExtent)]", found: weight.shape)
    }
    let columns = weight.shape[0]
    let bias = try layer.bias.map { try self.vector($0, columns, node) }
    let packed = pack(weight, columns: columns, depth: weight.shape[1])
    let operand = rounded(x, layer.precision.operands, pieces: 1)
    let result = Tensor.float64([x.rowCount, columns]) { out in
      operand.withRows { multiplier.multiply($0, packed, into: out.start, cStride: columns) }
      addBias(bias, to: out, columns: columns)
    }
    return rounded(result, layer.precision.result, pieces: 1)
  }

  /// A weight matrix `[columns, depth]`, packed.
  func pack(_ weight: Tensor, columns: Int, depth: Int) -> PackedMatrix {
    weight.withFloat32 {
      multiplier.pack($0.start, columns: columns, depth: depth, columnStride: depth)
    }
  }

  /// Adds `bias` to every row.
  func addBias(_ bias: Tensor?, to out: UnsafeMutableBufferPointer<Double>, columns: Int) {
    guard let bias else { return }
    bias.withFloat64 { bias in
      forEachRow(out.count / max(columns, 1)) { row in
        let values = out.start + row * columns
        for column in 0..<columns { values[column] += bias[column] }
      }
    }
  }
}
