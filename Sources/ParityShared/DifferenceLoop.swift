/// Differences of a candidate from the reference, row by row.
import ParityArithmetic

/// candidate − reference, rounded once; Σd² and Σx² of what it reads.
func differences(
  _ reference: UnsafePointer<Double>, _ candidate: Elements,
  _ target: UnsafeMutablePointer<Float>, _ range: Range<Int>
) -> (difference: Double, size: Double) {
  let start = range.lowerBound
  let row = Float64Row(base: reference + start)
  return candidate.isFloat64
    ? differences(row, candidate.float64Row(start), target + start, range.count)
    : differences(row, candidate.float32Row(start), target + start, range.count)
}

@inline(__always)
private func differences(
  _ reference: some RowSource, _ candidate: some RowSource, _ target: UnsafeMutablePointer<Float>,
  _ count: Int
) -> (difference: Double, size: Double) {
  var squares = Lanes.zero
  var sizes = Lanes.zero
  let vectorEnd = count / lanes &* lanes
  var i = 0
  while i < vectorEnd {
    let x = candidate.lanes(i)
    let d = x - reference.lanes(i)
    storeLanes(d, target, i)
    squares += d * d
    sizes += x * x
    i &+= lanes
  }
  var (difference, size) = (total(squares), total(sizes))
  while i < count {
    let x = candidate.value(i)
    let d = x - reference.value(i)
    target[i] = Float(d)
    difference += d * d
    size += x * x
    i &+= 1
  }
  return (difference, size)
}
