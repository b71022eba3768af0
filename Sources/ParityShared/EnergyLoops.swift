/// Energies of the rows and columns of operands.

/// target[k] += weight·x[k]².
func addSquares(
  _ x: UnsafePointer<Float>, _ weight: Double, _ target: UnsafeMutablePointer<Double>, _ count: Int
) {
  let vectorEnd = count / lanes &* lanes
  var k = 0
  while k < vectorEnd {
    let value = loadLanes(x, k)
    storeLanes(loadLanes(UnsafePointer(target), k) + weight * (value * value), target, k)
    k &+= lanes
  }
  while k < count {
    let value = Double(x[k])
    target[k] += weight * (value * value)
    k &+= 1
  }
}

/// Σ weights[k]·x[k]².
func weightedSquares(
  _ x: UnsafePointer<Float>, _ weights: UnsafePointer<Double>, _ count: Int
) -> Double {
  var sums = Lanes.zero
  let vectorEnd = count / lanes &* lanes
  var k = 0
  while k < vectorEnd {
    let value = loadLanes(x, k)
    sums += value * value * loadLanes(weights, k)
    k &+= lanes
  }
  var sum = total(sums)
  while k < count {
    let value = Double(x[k])
    sum += value * value * weights[k]
    k &+= 1
  }
  return sum
}
