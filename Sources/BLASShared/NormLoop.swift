/// Layer norm of one row, and sums of rows.

/// (x − μ)/√(σ² + ε)·gain + offset, the variance from deviations, not from squares.
func layerNormRow(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, epsilon: Float,
  gain: UnsafePointer<Float>, offset: UnsafePointer<Float>
) {
  var sums = Vector.zero
  var k = 0
  while k < count {
    sums += load(x + k, first: count - k, fill: 0)
    k += lanes
  }
  let mean = total(sums) / Float(count)
  // The mean's own rounding is taken off the deviations' mean, which is nearly zero.
  var squares = Vector.zero
  var rests = Vector.zero
  k = 0
  while k < count {
    let deviation = load(x + k, first: count - k, fill: mean) - mean
    squares = multiplyAdd(deviation, deviation, squares)
    rests += deviation
    k += lanes
  }
  let rest = total(rests) / Float(count)
  let variance = max(total(squares) / Float(count) - rest * rest, 0)
  let scale = 1 / (variance + epsilon).squareRoot()
  k = 0
  while k < count {
    let left = count - k
    let deviation = (load(x + k, first: left, fill: 0) - mean) - rest
    let scaled = deviation * scale
    store(
      multiplyAdd(
        scaled, load(gain + k, first: left, fill: 0), load(offset + k, first: left, fill: 0)),
      y + k, first: left)
    k += lanes
  }
}

/// Sums of `count` pairs.
func addRow(
  _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>,
  _ target: UnsafeMutablePointer<Float>, count: Int
) {
  var k = 0
  while k < count {
    let left = count - k
    store(
      load(first + k, first: left, fill: 0) + load(second + k, first: left, fill: 0), target + k,
      first: left)
    k += lanes
  }
}
