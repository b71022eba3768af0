package import EncoderModel
package import TensorCore

/// The narrow format whose values all elements are, if any: what an engine leaves that rounds its
/// results, or stores them so. Zeros say nothing; a tensor of zeros has no grid.
package func resultGrid(_ tensor: Tensor) -> NumberFormat? {
  if tensor.scalarType == .bfloat16 { return .bfloat16 }
  if tensor.scalarType == .float16 { return .float16 }
  guard tensor.scalarType == .float32 || tensor.scalarType == .float64 else { return nil }
  return tensor.withFloat32 { values -> NumberFormat? in
    guard values.contains(where: { $0 != 0 }) else { return nil }
    if values.allSatisfy({ $0.bitPattern & 0xFFFF == 0 }) { return .bfloat16 }
    if values.allSatisfy({ !$0.isFinite || Float(Float16($0)) == $0 }) { return .float16 }
    if values.allSatisfy({ $0.bitPattern & 0x1FFF == 0 }) { return .tf32 }
    return liesOnIntegerGrid(values, width: max(tensor.innerExtent, 1)) ? .int8 : nil
  }
}

/// Whether each row holds whole multiples of its largest value/127, up to the rounding of the
/// product of integer and scale.
private func liesOnIntegerGrid(_ values: UnsafeBufferPointer<Float>, width: Int) -> Bool {
  guard width >= 8 else { return false }
  for start in stride(from: 0, to: values.count, by: width) {
    let row = values[start..<min(start + width, values.count)]
    let largest = row.reduce(Float(0)) { max($0, abs($1)) }
    guard largest.isFinite else { return false }
    guard largest > 0 else { continue }
    for value in row {
      let steps = Double(value) / Double(largest) * 127
      if abs(steps - steps.rounded()) > 127 * 0x1p-21 { return false }
    }
  }
  return true
}

extension ErrorPanel {
  /// Adds the rounding to multiples of each row's largest value/127: half a step, as variance.
  mutating func addRowSteps(of candidate: Tensor, unit: Double) {
    let steps = candidate.withFloat32 { x in
      (0..<rows).map { row in
        let start = offset + row * rowStride
        let largest = x[start..<(start + columns)].reduce(Float(0)) { max($0, abs($1)) }
        return Double(largest) / 127 / 2 / unit
      }
    }
    separable.append(
      .init(row: steps.map { $0 * $0 }, column: [Double](repeating: 1, count: columns)))
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
