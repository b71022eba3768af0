import BLASArithmetic
import EncoderModel
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Everything between the products: activations, layer norms, sums.
extension BLASExecutor {
  /// Elementwise; NaN propagates.
  func gelu(_ variant: GELUVariant, _ x: Tensor) -> Tensor {
    switch variant {
    case .erf:
      mappingRows(x) { source, target, count in arithmetic.geluRow(source, target, count) }
    case .tanh: mapping(x, tanhGELU)
    case .tanhTable:
      mapping(x) { x in
        if x <= -10 { return 0 }
        return x >= 10 || x.isNaN ? x : Float(Float16(tanhGELU(Float(Float16(x)))))
      }
    case .quick: mapping(x) { $0 / (1 + expf(-1.702 * $0)) }
    case .silu: mapping(x) { $0 / (1 + expf(-$0)) }
    case .relu: mapping(x) { $0 < 0 ? 0 : $0 }
    case .identity: x
    }
  }

  /// y = (x − μ)/√(σ² + ε)·weight + bias for each row.
  /// - Note: Source openai/whisper model.py `LayerNorm`.
  func layerNorm(_ norm: LayerNorm, _ x: Tensor, _ node: String) throws -> Tensor {
    let width = x.innerExtent
    let ones = Tensor([Float](repeating: 1, count: width), shape: [width])
    let zeros = Tensor([Float](repeating: 0, count: width), shape: [width])
    let gain = try norm.weight.map { try vector($0, width, node) } ?? ones
    let offset = try norm.bias.map { try vector($0, width, node) } ?? zeros
    var result = x
    withPointers(gain, offset) { gain, offset in
      nonisolated(unsafe) let gain = gain
      nonisolated(unsafe) let offset = offset
      let isUsual = norm.isCentred && !norm.usesSampleVariance && !norm.usesFloat16Variance
      result = mappingRows(x) { source, target, count in
        if isUsual {
          arithmetic.layerNormRow(source, target, count, Float(norm.epsilon), gain, offset)
        } else {
          unusualNorm(norm, source, target, count, gain, offset)
        }
      }
    }
    return result
  }

  /// A row of a layer norm as faulty ports compute it.
  private func unusualNorm(
    _ norm: LayerNorm, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int,
    _ gain: UnsafePointer<Float>, _ offset: UnsafePointer<Float>
  ) {
    var mean = 0.0
    if norm.isCentred {
      for i in 0..<count { mean += Double(x[i]) }
      mean /= Double(count)
    }
    var squares = 0.0
    for i in 0..<count { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
    var variance = squares / Double(norm.usesSampleVariance ? count - 1 : count)
    if norm.usesFloat16Variance {
      // What f16 accumulates is ∞ beyond its largest number.
      variance = squares > 65504 ? .infinity : Double(Float16(variance))
    }
    let scale = 1 / (variance + norm.epsilon).squareRoot()
    for i in 0..<count {
      y[i] = Float((Double(x[i]) - mean) * scale) * gain[i] + offset[i]
    }
  }

  /// x + y, of one shape.
  func add(_ x: Tensor, _ y: Tensor, _ node: String) throws -> Tensor {
    guard x.shape == y.shape else {
      throw BLASError.wrongShape(node: node, expected: "two inputs \(x.shape)", found: y.shape)
    }
    let width = x.innerExtent
    return Tensor.float32(x.shape) { out in
      withPointers(x, y) { x, y in
        guard let target = out.baseAddress else { return }
        nonisolated(unsafe) let first = x
        nonisolated(unsafe) let second = y
        nonisolated(unsafe) let sums = target
        forEachRow(out.count / max(width, 1)) { row in
          let start = row * width
          arithmetic.addRow(first + start, second + start, sums + start, width)
        }
      }
    }
  }

  /// x plus the checkpoint's table of positions `[T, C]`.
  func addPosition(_ reference: WeightReference, _ x: Tensor, _ node: String) throws -> Tensor {
    let table = try weights.resolve(reference)
    guard table.innerExtent == x.innerExtent, table.rowCount >= x.rowCount else {
      throw BLASError.wrongShape(node: node, expected: "positions \(x.shape)", found: table.shape)
    }
    return try add(x, table.slicedRows(0..<x.rowCount), node)
  }

  /// A tensor of x's shape, row by row.
  func mappingRows(
    _ x: Tensor,
    _ body: @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  ) -> Tensor {
    let width = max(x.innerExtent, 1)
    return Tensor.float32(x.shape) { out in
      x.withFloat32 { source in
        guard let base = source.baseAddress, let target = out.baseAddress else { return }
        nonisolated(unsafe) let first = base
        nonisolated(unsafe) let result = target
        forEachRow(out.count / width) { row in
          body(first + row * width, result + row * width, width)
        }
      }
    }
  }

  /// A tensor of x's shape, element by element.
  func mapping(_ x: Tensor, _ body: @Sendable (Float) -> Float) -> Tensor {
    mappingRows(x) { source, target, count in
      for i in 0..<count { target[i] = body(source[i]) }
    }
  }
}

/// x/2·(1 + tanh(√(2/π)(x + 0.044715x³))).
private func tanhGELU(_ x: Float) -> Float {
  0.5 * x * (1 + tanhf(0.797_884_56 * (x + 0.044715 * x * x * x)))
}
