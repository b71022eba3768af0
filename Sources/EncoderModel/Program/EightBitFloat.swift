package import TensorCore

/// Weights as 8-bit floating point numbers with one scale for a tensor or an output channel.
/// - Note: Source Open Compute Project, *OFP8 Formats*; PyTorch `torch.float8_e4m3fn`, `float8_e5m2`.
package struct EightBitFloat: Sendable, Hashable, Codable {
  package enum Layout: String, Sendable, Hashable, CaseIterable, Codable { case e4m3, e5m2 }
  package enum Scaling: String, Sendable, Hashable, CaseIterable, Codable {
    /// Values as they are; beyond the range they saturate.
    case none = "unscaled"
    /// The largest magnitude of the tensor becomes the largest number of the format.
    case tensor = "per-tensor"
    /// The same for each row of `[out, …]`.
    case channel = "per-channel"
  }

  package var layout: Layout
  package var scaling: Scaling

  /// `fp8-e4m3-per-tensor`.
  package var name: String { "fp8-\(layout.rawValue)-\(scaling.rawValue)" }

  package static let all = Layout.allCases.flatMap { layout in
    Scaling.allCases.map { EightBitFloat(layout: layout, scaling: $0) }
  }

  package init(layout: Layout, scaling: Scaling) {
    self.layout = layout
    self.scaling = scaling
  }

  /// The format of that name; `nil` where there is none.
  package init?(name: String) {
    guard let format = Self.all.first(where: { $0.name == name }) else { return nil }
    self = format
  }

  /// Largest finite number.
  private var largest: Float { layout == .e4m3 ? 448 : 57344 }
  /// Bits behind the leading one.
  private var fractionBits: Int { layout == .e4m3 ? 3 : 2 }
  /// Exponent of the least normal number.
  private var leastExponent: Int { layout == .e4m3 ? -6 : -14 }

  /// To eight bits and back: Float32, of the same shape.
  package func roundTrip(_ tensor: Tensor) -> Tensor {
    let rowLength = max(tensor.elementCount / max(tensor.shape.first ?? 1, 1), 1)
    return Tensor.float32(tensor.shape) { target in
      tensor.withFloat32 { _ = target.update(fromContentsOf: $0) }
      let length = scaling == .channel ? rowLength : max(target.count, 1)
      for start in stride(from: 0, to: target.count, by: length) {
        round(UnsafeMutableBufferPointer(rebasing: target[start..<(start + length)]))
      }
    }
  }

  /// Values that share a scale, in place. NaN and ∞ stay.
  func round(_ values: UnsafeMutableBufferPointer<Float>) {
    var extreme: Float = 0
    if scaling != .none {
      for value in values where value.isFinite { extreme = max(extreme, abs(value)) }
    }
    let scale = extreme == 0 ? 1 : extreme / largest
    for i in values.indices where values[i].isFinite {
      values[i] = rounded(values[i] / scale) * scale
    }
  }

  /// The nearest number of the format, to even.
  private func rounded(_ value: Float) -> Float {
    guard value != 0 else { return value }
    let exponent = max(Int(value.exponent), leastExponent)
    let step = Float(sign: .plus, exponent: exponent - fractionBits, significand: 1)
    let result = (value / step).rounded(.toNearestOrEven) * step
    return min(max(result, -largest), largest)
  }
}
