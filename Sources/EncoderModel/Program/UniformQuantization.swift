package import TensorCore

/// Weights as integers with one scale for a tensor, an output channel or a group: what engines other
/// than ggml have.
package struct UniformQuantization: Sendable, Hashable, Codable {
  package enum Granularity: Sendable, Hashable, Codable {
    case tensor
    /// Each row of `[out, …]`.
    case channel
    /// So many values side by side in a row.
    case group(Int)
  }

  package var bits: Int
  /// Around zero, or with a zero point between the least and the largest value.
  package var isSymmetric: Bool
  package var granularity: Granularity

  package init(bits: Int, isSymmetric: Bool, granularity: Granularity) {
    self.bits = bits
    self.isSymmetric = isSymmetric
    self.granularity = granularity
  }

  /// `int8-per-tensor`, `uint8-per-channel`, `int4-group-32`.
  package var name: String {
    let head = "\(isSymmetric ? "int" : "uint")\(bits)"
    return switch granularity {
    case .tensor: "\(head)-per-tensor"
    case .channel: "\(head)-per-channel"
    case .group(let count): "\(head)-group-\(count)"
    }
  }

  /// The scheme of that name; `nil` where there is none.
  package init?(name: String) {
    guard let scheme = Self.all.first(where: { $0.name == name }) else { return nil }
    self = scheme
  }

  /// Those that engines are known to have: PyTorch, ONNX Runtime, OpenVINO, CTranslate2, GPTQ and AWQ.
  package static let all: [UniformQuantization] =
    [
      UniformQuantization(bits: 8, isSymmetric: true, granularity: .tensor),
      UniformQuantization(bits: 8, isSymmetric: true, granularity: .channel),
      UniformQuantization(bits: 8, isSymmetric: false, granularity: .tensor),
      UniformQuantization(bits: 8, isSymmetric: false, granularity: .channel),
      UniformQuantization(bits: 4, isSymmetric: true, granularity: .channel),
    ]
    + [32, 64, 128].flatMap { length in
      [true, false].map {
        UniformQuantization(bits: 4, isSymmetric: $0, granularity: .group(length))
      } + [UniformQuantization(bits: 8, isSymmetric: true, granularity: .group(length))]
    }

  /// To integers and back: Float32, of the same shape.
  ///
  /// Symmetric: d = max|x|/(2ᵇ⁻¹ − 1), q = clamp(round(x/d)). Otherwise, over a range that holds 0:
  /// d = (max − min)/(2ᵇ − 1), z = round(−min/d), q = clamp(round(x/d) + z).
  /// - Note: Source PyTorch `torch.ao.quantization`, ONNX Runtime `QLinear`; to nearest even.
  package func roundTrip(_ tensor: Tensor) -> Tensor {
    let rowLength = tensor.elementCount / max(tensor.shape.first ?? 1, 1)
    let length =
      switch granularity {
      case .tensor: max(tensor.elementCount, 1)
      case .channel: max(rowLength, 1)
      case .group(let count): min(count, max(rowLength, 1))
      }
    return Tensor.float32(tensor.shape) { target in
      tensor.withFloat32 { _ = target.update(fromContentsOf: $0) }
      let stretch = max(granularity == .tensor ? target.count : rowLength, 1)
      for row in stride(from: 0, to: target.count, by: stretch) {
        for start in stride(from: row, to: row + stretch, by: length) {
          let end = min(start + length, row + stretch)
          roundTrip(UnsafeMutableBufferPointer(rebasing: target[start..<end]))
        }
      }
    }
  }

  private func roundTrip(_ values: UnsafeMutableBufferPointer<Float>) {
    var (low, high): (Float, Float) = (0, 0)
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    let half = Float(1 << (bits - 1))
    let scale =
      isSymmetric ? max(-low, high) / (half - 1) : (high - low) / (2 * half - 1)
    guard scale > 0 else { return }
    let zero = isSymmetric ? 0 : (-low / scale).rounded(.toNearestOrEven)
    let range = isSymmetric ? -half...(half - 1) : 0...(2 * half - 1)
    for i in values.indices where values[i].isFinite {
      let q = (values[i] / scale).rounded(.toNearestOrEven) + zero
      values[i] = (min(max(q, range.lowerBound), range.upperBound) - zero) * scale
    }
  }
}
