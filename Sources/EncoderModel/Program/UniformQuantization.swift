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

  /// Which values the integers span, from d = their distance on.
  package enum Span: String, Sendable, Hashable, Codable {
    /// Around zero: d = max|x|/(2ᵇ⁻¹ − 1), the least integer unused.
    case symmetric
    /// Around zero, all integers used: d = 2·max|x|/(2ᵇ − 1), the largest value cut to fit.
    case whole
    /// From the least to the largest value and zero, with a zero point between.
    case affine
  }

  package var bits: Int
  package var span: Span
  package var granularity: Granularity

  package init(bits: Int, span: Span, granularity: Granularity) {
    self.bits = bits
    self.span = span
    self.granularity = granularity
  }

  /// `int8-per-tensor`, `int8-by-255-per-tensor`, `uint8-per-channel`, `int4-group-32`.
  package var name: String {
    let head =
      switch span {
      case .symmetric: "int\(bits)"
      case .whole: "int\(bits)-by-\((1 << bits) - 1)"
      case .affine: "uint\(bits)"
      }
    return switch granularity {
    case .tensor: "\(head)-per-tensor"
    case .channel: "\(head)-per-channel"
    case .group(let count): "\(head)-group-\(count)"
    }
  }

  /// The scheme of that name; `nil` where there is none.
  package init?(name: String) {
    let known = Self.all + Self.pytorchGroups + [Self.pytorchActivations]
    guard let scheme = known.first(where: { $0.name == name }) else { return nil }
    self = scheme
  }

  /// What PyTorch reads activations as while running, where products of two bytes could overflow.
  package static let pytorchActivations = UniformQuantization(
    bits: 7, span: .affine, granularity: .tensor)

  /// Groups as torchao cuts them.
  package static let pytorchGroups = [8, 4].flatMap { bits in
    [32, 64, 128].map {
      UniformQuantization(bits: bits, span: .whole, granularity: .group($0))
    }
  }

  /// Those of weights that engines are known to have: PyTorch, ONNX Runtime, OpenVINO, CTranslate2, GPTQ and AWQ.
  package static let all: [UniformQuantization] =
    [
      UniformQuantization(bits: 8, span: .symmetric, granularity: .tensor),
      UniformQuantization(bits: 8, span: .symmetric, granularity: .channel),
      UniformQuantization(bits: 8, span: .whole, granularity: .tensor),
      UniformQuantization(bits: 8, span: .whole, granularity: .channel),
      UniformQuantization(bits: 8, span: .affine, granularity: .tensor),
      UniformQuantization(bits: 8, span: .affine, granularity: .channel),
      UniformQuantization(bits: 4, span: .symmetric, granularity: .channel),
    ]
    + [32, 64, 128].flatMap { length in
      [.symmetric, .affine].map {
        UniformQuantization(bits: 4, span: $0, granularity: .group(length))
      } + [UniformQuantization(bits: 8, span: .symmetric, granularity: .group(length))]
    }

  /// To integers and back: Float32, of the same shape.
  ///
  /// Around zero: q = clamp(round(x/d)). Otherwise, over a range that holds 0:
  /// d = (max − min)/(2ᵇ − 1), z = round(−min/d), q = clamp(round(x/d) + z).
  /// - Note: Source PyTorch `torch.ao.quantization` (whole, affine), ONNX Runtime `QLinear` (symmetric,
  ///   affine); to nearest even.
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
      switch span {
      case .symmetric: max(-low, high) / (half - 1)
      case .whole: max(-low, high) / (half - 0.5)
      case .affine: (high - low) / (2 * half - 1)
      }
    guard scale > 0 else { return }
    let zero = span == .affine ? (-low / scale).rounded(.toNearestOrEven) : 0
    // Seven bits are numbers of eight with steps twice as long: none is cut off.
    let range = span == .affine ? 0...(bits == 7 ? 255 : 2 * half - 1) : -half...(half - 1)
    // PyTorch multiplies by 1/d, where the others divide: ties fall otherwise.
    let inverse = 1 / scale
    for i in values.indices where values[i].isFinite {
      let steps = span == .whole ? values[i] * inverse : values[i] / scale
      let q = steps.rounded(.toNearestOrEven) + zero
      values[i] = (min(max(q, range.lowerBound), range.upperBound) - zero) * scale
    }
  }
}
