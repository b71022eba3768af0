import ParityArithmetic
package import TensorCore

extension TapFigures {
  /// Compares two tensors of one shape in a single pass, Float64 accumulation, the same bits for
  /// every number of threads.
  ///
  /// 1 − cosine comes from the Gram determinant of d = x − r: with p = ⟨r, d⟩ and the part of d
  /// orthogonal to r, ‖d⊥‖² = ‖d‖² − p²/‖r‖², it is sin²θ/(1 + cos θ), sin θ = ‖d⊥‖/‖x‖. Its
  /// relative error stays small however close the tensors are, as ‖d⊥‖² cancels only where d is
  /// nearly parallel to r.
  ///
  /// - Parameters:
  ///   - reference: any floating-point type.
  ///   - candidate: the same element count; NaN and ∞ on either side are counted and left out.
  /// - Returns: every figure of the pair.
  /// - Precondition: equal element counts.
  package static func compare(reference: Tensor, candidate: Tensor) -> TapFigures {
    precondition(reference.elementCount == candidate.elementCount)
    let r = reference.scalarType == .float64 ? reference : reference.converted(to: .float32)
    let x = candidate.scalarType == .float64 ? candidate : candidate.converted(to: .float32)
    let sums = r.withUnsafeBytes { rBytes in
      x.withUnsafeBytes { xBytes in
        allSums(rBytes, r.scalarType, xBytes, x.scalarType, count: r.elementCount)
      }
    }
    let isBitEqual =
      sums.total.maxAbs <= bitEqualityCeiling(candidate.scalarType, sums.total, sums.pivot)
      && areBitEqual(reference: reference, candidate: candidate)
    return TapFigures(
      sums: sums.total, pivot: sums.pivot, elementCount: r.elementCount, isBitEqual: isBitEqual)
  }

  private init(sums: FigureSums, pivot: Double, elementCount: Int, isBitEqual: Bool) {
    let n = Double(max(sums.count, 1))
    let meanShifted = sums.shifted / n
    let bias = sums.difference / n
    let varianceR = max(sums.shiftedSquared / n - meanShifted * meanShifted, 0)
    let covariance = sums.product / n - meanShifted * bias
    let varianceD = max(sums.differenceSquared / n - bias * bias, 0)
    let normR2 = sums.shiftedSquared + 2 * pivot * sums.shifted + n * pivot * pivot
    let inner = sums.product + pivot * sums.difference
    let normX2 = max(normR2 + 2 * inner + sums.differenceSquared, 0)
    let hasPairs = sums.count > 0 && normR2 > 0
    let hasNorms = hasPairs && normX2 > 0
    let angle =
      hasNorms ? angleFigures(normR2: normR2, normX2: normX2, inner: inner, sums: sums) : nil
    self.init(
      count: elementCount, bias: bias, meanReference: pivot + meanShifted,
      meanCandidate: pivot + meanShifted + bias, stdReference: varianceR.squareRoot(),
      stdCandidate: max(varianceR + 2 * covariance + varianceD, 0).squareRoot(),
      cosine: angle?.cosine, cosineDistance: angle?.distance,
      relativeL2: hasPairs ? (sums.differenceSquared / normR2).squareRoot() : nil,
      maxAbs: sums.maxAbs, maxIndex: sums.maxIndex, nonFinite: sums.nonFinite,
      nonFiniteReference: sums.nonFiniteReference, isBitEqual: isBitEqual)
  }
}

private func angleFigures(normR2: Double, normX2: Double, inner: Double, sums: FigureSums)
  -> (cosine: Double, distance: Double)
{
  let orthogonal = max(sums.differenceSquared - inner * (inner / normR2), 0)
  let sineSquared = min(orthogonal / normX2, 1)
  let magnitude = (1 - sineSquared).squareRoot()
  let value = normR2 + inner >= 0 ? magnitude : -magnitude
  return (value, value >= 0 ? sineSquared / (1 + value) : 1 - value)
}

/// Elements a chunk: 32768 pairs of Float32 fit a second-level cache.
private let elementsPerChunk = 32768

private func allSums(
  _ r: UnsafeRawBufferPointer, _ rType: ScalarType, _ x: UnsafeRawBufferPointer,
  _ xType: ScalarType, count: Int
) -> (total: FigureSums, pivot: Double) {
  guard count > 0, let rBase = r.baseAddress, let xBase = x.baseAddress else {
    return (FigureSums(), 0)
  }
  let reference = Elements(rBase, isFloat64: rType == .float64)
  let candidate = Elements(xBase, isFloat64: xType == .float64)
  let pivot = samplePivot(reference, count)
  let parts = mapChunks(count, chunk: elementsPerChunk) { range in
    figureSums(reference, candidate, range, pivot: pivot)
  }
  var total = FigureSums()
  for part in parts { total.merge(part) }
  return (total, pivot)
}

/// A value near the mean: the average of up to 64 finite samples spread over the tensor.
private func samplePivot(_ elements: Elements, _ count: Int) -> Double {
  let step = max(count / 64, 1)
  var sum = 0.0
  var taken = 0.0
  for index in stride(from: 0, to: count, by: step) {
    let value = elements[index]
    guard value.isFinite else { continue }
    sum += value
    taken += 1
  }
  let mean = taken > 0 ? sum / taken : 0
  return mean.isFinite ? mean : 0
}
