import EncoderModel
import TensorCore

/// Products of matrices by the Float64 reference, for fits to a candidate's values.
struct DenseAlgebra {
  let oracle: any OperationEvaluator

  /// a·bᵀ `[m, n]` of a `[m, k]` and b `[n, k]`.
  func product(_ a: Tensor, transposed b: Tensor) throws -> Tensor {
    // What the scores of one head are.
    let node = ProgramNode(
      name: "product", stage: .stem,
      operation: .attentionScores(AttentionScores(numHeads: 1, scale: 1)), inputs: [],
      shape: [1, a.rowCount, b.rowCount])
    let scores = try oracle.evaluate(node, inputs: [a, b])
    return Tensor.float64([a.rowCount, b.rowCount]) { target in
      scores.withFloat64 { _ = target.update(fromContentsOf: $0) }
    }
  }

  /// The weight of a dense layer, transposed: `[in, out]`.
  func weight(of linear: Linear, inputs: Int) throws -> Tensor {
    var bare = linear
    bare.bias = nil
    let identity = Tensor.float64([inputs, inputs]) { target in
      for i in 0..<inputs * inputs { target[i] = i % (inputs + 1) == 0 ? 1 : 0 }
    }
    return try evaluate(.linear(bare), identity)
  }

  /// The kernel of a convolution `[3·in, out]`: row τ·in + c is that of tap τ and channel c.
  func kernel(of convolution: Conv1D, inputs: Int) throws -> Tensor {
    var bare = convolution
    bare.bias = nil
    (bare.stride, bare.paddingLeft, bare.paddingRight) = (3, 0, 0)
    // Three frames for each row, one of them with a one at channel c.
    let impulses = Tensor.float64([9 * inputs, inputs]) { target in
      target.update(repeating: 0)
      for row in 0..<3 * inputs {
        let (tap, channel) = (row / inputs, row % inputs)
        target[(3 * row + tap) * inputs + channel] = 1
      }
    }
    return try evaluate(.conv1d(bare), impulses)
  }

  func evaluate(_ operation: Operation, _ input: Tensor) throws -> Tensor {
    try oracle.evaluate(
      ProgramNode(name: "fit", stage: .stem, operation: operation, inputs: [], shape: []),
      inputs: [input])
  }
}

extension Tensor {
  /// `[T, C]` as `[C, T]`, in Float64.
  func transposedToFloat64() -> Tensor {
    let (rows, width) = (rowCount, innerExtent)
    return Tensor.float64([width, rows]) { target in
      withFloat64 { source in
        for row in 0..<rows {
          for column in 0..<width { target[column * rows + row] = source[row * width + column] }
        }
      }
    }
  }

  /// The elementwise result of a function of two tensors of one size, in Float64.
  func combined(with other: Tensor, _ body: (Double, Double) -> Double) -> Tensor {
    withFloat64 { a in
      other.withFloat64 { b in
        Tensor.float64(shape) { target in
          for i in 0..<target.count { target[i] = body(a[i], b[i]) }
        }
      }
    }
  }
}
