import ParityArithmetic

/// The sums over `range`: vectorised, and again element by element where something is not finite.
func figureSums(
  _ reference: Elements, _ candidate: Elements, _ range: Range<Int>, pivot: Double
) -> FigureSums {
  let sums = ParityArithmetic.best.figures(reference, candidate, range, pivot)
  return sums.isFinite ? sums : maskedFigureSums(reference, candidate, range, pivot)
}

/// The sums over pairs that are both finite, counting the others.
private func maskedFigureSums(
  _ reference: Elements, _ candidate: Elements, _ range: Range<Int>, _ pivot: Double
) -> FigureSums {
  var sums = FigureSums()
  for i in range {
    let r = reference[i]
    let x = candidate[i]
    if !r.isFinite { sums.nonFiniteReference += 1 }
    if !x.isFinite { sums.nonFinite += 1 }
    guard r.isFinite && x.isFinite else { continue }
    let d = x - r
    sums.count += 1
    sums.shifted += r - pivot
    sums.shiftedSquared += (r - pivot) * (r - pivot)
    sums.difference += d
    sums.differenceSquared += d * d
    sums.product += (r - pivot) * d
    if abs(d) > sums.maxAbs {
      sums.maxAbs = abs(d)
      sums.maxIndex = i
    }
  }
  return sums
}
