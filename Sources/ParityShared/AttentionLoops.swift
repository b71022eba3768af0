/// Rows of attention's maps.
import ParityArithmetic

/// Extremes of a row of scores s, and whether its probabilities p are finite.
func scoreRange(
  _ s: UnsafePointer<Double>, _ p: UnsafePointer<Double>, _ count: Int
) -> ScoreRange {
  var highest = Lanes(repeating: -.infinity)
  var lowest = Lanes(repeating: .infinity)
  // p·0 is NaN for NaN and ∞, and NaN stays in the sum.
  var probes = Lanes.zero
  let vectorEnd = count / lanes &* lanes
  var j = 0
  while j < vectorEnd {
    let value = loadLanes(s, j)
    highest = larger(highest, value)
    lowest.replace(with: value, where: value .< lowest)
    probes += loadLanes(p, j) * 0
    j &+= lanes
  }
  var largest = largestLane(highest)
  var smallest = -largestLane(-lowest)
  var probe = total(probes)
  while j < count {
    largest = max(largest, s[j])
    smallest = min(smallest, s[j])
    probe += p[j] * 0
    j &+= 1
  }
  return ScoreRange(
    largest: largest, extreme: max(abs(largest), abs(smallest)), isFinite: probe == 0)
}

/// Sums over a row; each key's p² is added to `keyWeights`.
func attentionRow(
  _ s: UnsafePointer<Double>, _ p: UnsafePointer<Double>, _ factors: UnsafePointer<Double>,
  _ largest: Double, _ keyWeights: UnsafeMutablePointer<Double>, _ count: Int
) -> AttentionRowSums {
  var weights = Lanes.zero
  var scored = Lanes.zero
  var shifted = Lanes.zero
  var factored = Lanes.zero
  let vectorEnd = count / lanes &* lanes
  var j = 0
  while j < vectorEnd {
    let probability = loadLanes(p, j)
    let w = probability * probability
    let value = loadLanes(s, j)
    let z = value - largest
    weights += w
    scored += w * (value * value)
    shifted += w * (z * z)
    factored += w * loadLanes(factors, j)
    storeLanes(loadLanes(UnsafePointer(keyWeights), j) + w, keyWeights, j)
    j &+= lanes
  }
  var sums = AttentionRowSums()
  sums.weight = total(weights)
  sums.scored = total(scored)
  sums.shifted = total(shifted)
  sums.factored = total(factored)
  while j < count {
    let w = p[j] * p[j]
    sums.weight += w
    sums.scored += w * (s[j] * s[j])
    sums.shifted += w * ((s[j] - largest) * (s[j] - largest))
    sums.factored += w * factors[j]
    keyWeights[j] += w
    j &+= 1
  }
  return sums
}
