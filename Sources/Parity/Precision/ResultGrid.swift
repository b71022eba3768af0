import EncoderModel
import TensorCore

/// The narrow format whose values all elements are, if any: what an engine leaves that rounds its
/// results. Zeros say nothing; a tensor of zeros has no grid.
func resultGrid(_ tensor: Tensor) -> NumberFormat? {
  guard tensor.scalarType == .float32 || tensor.scalarType == .float64 else { return nil }
  return tensor.withFloat32 { values -> NumberFormat? in
    guard values.contains(where: { $0 != 0 }) else { return nil }
    if values.allSatisfy({ $0.bitPattern & 0xFFFF == 0 }) { return .bfloat16 }
    if values.allSatisfy({ !$0.isFinite || Float(Float16($0)) == $0 }) { return .float16 }
    if values.allSatisfy({ $0.bitPattern & 0x1FFF == 0 }) { return .tf32 }
    return nil
  }
}

/// Figures of an error's shape that tell rounding, which looks random, from structure.
struct ErrorShape {
  /// Share of Σe² that lies in the columns' means: 1/T for independent errors, 1 for a bias.
  var columnMeanShare: Double
  /// |⟨e, y⟩|/(‖e‖‖y‖): 1 for a wrong scale.
  var alignment: Double

  /// Limits from rounding simulated at every product of Whisper encoders: frames of silence
  /// resemble each other and so do their errors, which stays under a third.
  var isRandomLike: Bool { columnMeanShare < 0.35 && alignment < 0.35 }

  init(candidate: Tensor, exact: Tensor) {
    let width = max(candidate.innerExtent, 1)
    let rows = max(candidate.elementCount / width, 1)
    var sums = [Double](repeating: 0, count: width)
    var (energy, inner, norm) = (0.0, 0.0, 0.0)
    candidate.withFloat64 { x in
      exact.withFloat64 { y in
        for i in x.indices {
          let e = x[i] - y[i]
          guard e.isFinite else { continue }
          sums[i % width] += e
          energy += e * e
          inner += e * y[i]
          norm += y[i] * y[i]
        }
      }
    }
    let mean = sums.reduce(0) { $0 + $1 * $1 } / Double(rows)
    columnMeanShare = energy > 0 ? mean / energy : 0
    alignment = energy > 0 && norm > 0 ? abs(inner) / (energy * norm).squareRoot() : 0
  }
}

/// ‖a − b‖² over pairs that are finite.
func squaredDistance(_ a: Tensor, _ b: Tensor) -> Double {
  a.withFloat64 { x in
    b.withFloat64 { y in
      var sum = 0.0
      for i in x.indices {
        let d = x[i] - y[i]
        if d.isFinite { sum += d * d }
      }
      return sum
    }
  }
}
