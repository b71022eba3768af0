/// Reduced precision: values rounded to the format that an engine multiplies or stores in.
import EncoderModel
import TensorCore

extension Calculator {
  /// `x` rounded to `format`, each row in `pieces` of its own; `float32` means no rounding at all.
  func rounded(_ x: Tensor, _ format: NumberFormat, pieces: Int) -> Tensor {
    if format == .float32 { return x }
    let width = x.innerExtent / max(pieces, 1)
    let result = Tensor.float32(x.shape) { out in
      x.withFloat64 { source in for i in out.indices { out[i] = Float(source[i]) } }
      for start in stride(from: 0, to: out.count, by: max(width, 1)) {
        format.round(row: UnsafeMutableBufferPointer(rebasing: out[start..<(start + width)]))
      }
    }
    return result.converted(to: .float64)
  }
}
