import TensorCore

/// ‖x − y‖/‖y‖ of a candidate's tensor x and a prediction y, over pairs that are both finite; ∞ where
/// NaN or ∞ stands on one side only, or ∞ of another sign.
func relativeDistance(_ candidate: Tensor, _ prediction: Tensor) -> Double {
  guard candidate.elementCount == prediction.elementCount else { return .infinity }
  return candidate.withFloat64 { x in
    prediction.withFloat64 { y in
      var (difference, size, own) = (0.0, 0.0, 0.0)
      for i in 0..<x.count {
        let d = x[i] - y[i]
        difference += d * d
        size += y[i] * y[i]
        own += x[i] * x[i]
      }
      if (difference + size + own).isFinite { return relative(difference, size, own) }
      return maskedDistance(x, y)
    }
  }
}

private func relative(_ difference: Double, _ size: Double, _ own: Double) -> Double {
  if difference == 0 { return 0 }
  return (difference / (size > 0 ? size : own)).squareRoot()
}

/// The same where something is not finite.
private func maskedDistance(
  _ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>
) -> Double {
  var (difference, size, own) = (0.0, 0.0, 0.0)
  for i in 0..<x.count {
    guard x[i].isFinite, y[i].isFinite else {
      let isSame = x[i] == y[i] || (x[i].isNaN && y[i].isNaN)
      if !isSame { return .infinity }
      continue
    }
    difference += (x[i] - y[i]) * (x[i] - y[i])
    size += y[i] * y[i]
    own += x[i] * x[i]
  }
  return relative(difference, size, own)
}

/// Errors of rows: ‖xᵢ − yᵢ‖ for each frame i; ∞ where a row is not finite on one side only.
func rowDistances(_ candidate: Tensor, _ prediction: Tensor) -> [Double] {
  let width = max(candidate.innerExtent, 1)
  return candidate.withFloat64 { x in
    prediction.withFloat64 { y in
      (0..<(x.count / width)).map { row in
        var sum = 0.0
        for i in (row * width)..<((row + 1) * width) {
          if x[i] == y[i] || (x[i].isNaN && y[i].isNaN) { continue }
          sum += (x[i] - y[i]) * (x[i] - y[i])
        }
        return sum.isNaN ? .infinity : sum.squareRoot()
      }
    }
  }
}
