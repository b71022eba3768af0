/// Softmax of one row, in place.

/// exp(s − max)/Σ of `count` scores; `paddingKeys` more of score zero take part in max and sum.
///
/// A score of −∞ gives 0; NaN anywhere makes the whole row NaN.
func softmaxRow(_ row: UnsafeMutablePointer<Double>, count: Int, paddingKeys: Int) {
  var best = Vector(repeating: paddingKeys > 0 ? 0 : -.infinity)
  var k = 0
  while k < count {
    let scores = load(UnsafePointer(row) + k, first: count - k, fill: -.infinity)
    best = best.replacing(with: scores, where: scores .> best)
    k += lanes
  }
  let maximum = Vector(repeating: largestLane(best))
  var sums = Vector.zero
  k = 0
  while k < count {
    let scores = load(UnsafePointer(row) + k, first: count - k, fill: -.infinity)
    let powers = exponential(scores - maximum)
    sums += powers
    store(powers, row + k, first: count - k)
    k += lanes
  }
  var sum = total(sums)
  if paddingKeys > 0 {
    sum += Double(paddingKeys) * exponential(-maximum)[0]
  }
  let factor = Vector(repeating: 1 / sum)
  k = 0
  while k < count {
    store(
      load(UnsafePointer(row) + k, first: count - k, fill: 0) * factor, row + k, first: count - k)
    k += lanes
  }
}
