import BLASArithmetic
import EncoderModel
import TensorCore

/// Everything between the products: activations, layer norms, sums.
extension BLASExecutor {
  /// Elementwise; NaN propagates.
  func gelu(_ variant: GELUVariant, _ x: Tensor) -> Tensor {
    switch variant {
    case .erf:
      mappingRows(x) { source, target, count in arithmetic.geluRow(source, target, count) }
    case .identity: x
    default: mapping(x) { Float(variant.value(Double($0))) }
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
      if norm.isUsual {
        result = mappingRows(x) { source, target, count in
          arithmetic.layerNormRow(source, target, count, Float(norm.epsilon), gain, offset)
        }
      } else if norm.isOverFrames {
        result = normOverFrames(norm, x, gain, offset)
      } else {
        result = mappingRows(x) { source, target, count in
          let (shift, scale) = norm.shiftAndScale(of: source, count: count)
          for i in 0..<count {
            target[i] = Float((Double(source[i]) - shift) * scale) * gain[i] + offset[i]
          }
        }
      }
    }
    return result
  }

  /// Each channel normalised over the frames, as ports that take the wrong axis compute it.
  private func normOverFrames(
    _ norm: LayerNorm, _ x: Tensor, _ gain: UnsafePointer<Float>, _ offset: UnsafePointer<Float>
  ) -> Tensor {
    let (frames, width) = (x.rowCount, x.innerExtent)
    return Tensor.float32(x.shape) { out in
      x.withFloat32 { source in
        guard let base = source.baseAddress else { return }
        for channel in 0..<width {
          let (shift, scale) = norm.shiftAndScale(of: base + channel, step: width, count: frames)
          for position in stride(from: channel, to: frames * width, by: width) {
            out[position] =
              Float((Double(base[position]) - shift) * scale) * gain[channel] + offset[channel]
          }
        }
      }
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
