/// One pass over a reference and a candidate.
import CProcessor
import ParityArithmetic

/// Sums over the pairs of `range`, and the first of the largest differences.
func figures(
  _ reference: Elements, _ candidate: Elements, _ range: Range<Int>, _ pivot: Double
) -> FigureSums {
  let start = range.lowerBound
  var sums =
    switch (reference.isFloat64, candidate.isFloat64) {
    case (true, true):
      figures(reference.float64Row(start), candidate.float64Row(start), range.count, pivot)
    case (true, false):
      figures(reference.float64Row(start), candidate.float32Row(start), range.count, pivot)
    case (false, true):
      figures(reference.float32Row(start), candidate.float64Row(start), range.count, pivot)
    case (false, false):
      figures(reference.float32Row(start), candidate.float32Row(start), range.count, pivot)
    }
  if sums.maxAbs > 0 { sums.maxIndex &+= start }
  return sums
}

@inline(__always)
private func figures(
  _ reference: some RowSource, _ candidate: some RowSource, _ count: Int, _ pivot: Double
) -> FigureSums {
  var shifted = Lanes.zero
  var shiftedSquared = Lanes.zero
  var difference = Lanes.zero
  var differenceSquared = Lanes.zero
  var product = Lanes.zero
  var largest = Lanes.zero
  // Exact: no tensor has 2⁵³ elements.
  var places = Lanes.zero
  var place = Lanes(0, 1, 2, 3, 4, 5, 6, 7)
  let pivots = Lanes(repeating: pivot)
  let vectorEnd = count / lanes &* lanes
  var i = 0
  while i < vectorEnd {
    let r = reference.lanes(i)
    let d = candidate.lanes(i) - r
    // Two differences from one vector would be shuffled together.
    let t = encoder_diff_subtract(r, pivots)
    let size = larger(d, -d)
    let isLarger = size .> largest
    shifted += t
    shiftedSquared += t * t
    difference += d
    differenceSquared += d * d
    product += t * d
    largest.replace(with: size, where: isLarger)
    places.replace(with: place, where: isLarger)
    place += Double(lanes)
    i &+= lanes
  }
  var sums = FigureSums()
  sums.count = count
  sums.shifted = total(shifted)
  sums.shiftedSquared = total(shiftedSquared)
  sums.difference = total(difference)
  sums.differenceSquared = total(differenceSquared)
  sums.product = total(product)
  for lane in 0..<lanes {
    let isLarger = largest[lane] > sums.maxAbs
    if isLarger || largest[lane] == sums.maxAbs && Int(places[lane]) < sums.maxIndex {
      sums.maxIndex = Int(places[lane])
    }
    if isLarger { sums.maxAbs = largest[lane] }
  }
  while i < count {
    let r = reference.value(i)
    let d = candidate.value(i) - r
    sums.shifted += r - pivot
    sums.shiftedSquared += (r - pivot) * (r - pivot)
    sums.difference += d
    sums.differenceSquared += d * d
    sums.product += (r - pivot) * d
    if abs(d) > sums.maxAbs {
      sums.maxAbs = abs(d)
      sums.maxIndex = i
    }
    i &+= 1
  }
  return sums
}
