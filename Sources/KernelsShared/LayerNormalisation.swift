/// Layer norm of rows: statistics and result in Float64, rounded once.

import KernelTable

/// y = (x − μ)/√(σ² + ε)·weight + bias, for rows however far from zero.
func layerNorm(_ arguments: LayerNormArguments) {
  for row in arguments.rows {
    normalise(
      arguments.source + row * arguments.sourceStride,
      arguments.out.base + row * arguments.out.stride, arguments)
  }
}

@inline(__always)
private func normalise(
  _ source: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
  _ arguments: LayerNormArguments
) {
  let columns = arguments.columns
  let whole = columns / lanes * lanes
  let mean = total(source, columns) / Double(columns)
  let variance = squares(source, columns, around: mean) / Double(columns)
  let scale = 1 / (variance + arguments.epsilon).squareRoot()
  let means = Doubles(repeating: mean)
  let scales = Doubles(repeating: scale)
  var k = 0
  while k < whole {
    let x = load(source + k)
    let weight = load(arguments.weight + k)
    let bias = load(arguments.bias + k)
    let low = affine(
      (doubles(x.lowHalf) - means) * scales, doubles(weight.lowHalf), doubles(bias.lowHalf))
    let high = affine(
      (doubles(x.highHalf) - means) * scales, doubles(weight.highHalf), doubles(bias.highHalf))
    store(Vector(lowHalf: floats(low), highHalf: floats(high)), out + k)
    k += lanes
  }
  for k in whole..<columns {
    let normal = (Double(source[k]) - mean) * scale
    out[k] = Float(normal * Double(arguments.weight[k]) + Double(arguments.bias[k]))
  }
}

@inline(__always)
private func affine(_ x: Doubles, _ weight: Doubles, _ bias: Doubles) -> Doubles {
  bias.addingProduct(x, weight)
}

/// Σ x.
@inline(__always)
private func total(_ source: UnsafePointer<Float>, _ columns: Int) -> Double {
  var low = Doubles.zero
  var high = Doubles.zero
  var k = 0
  while k + lanes <= columns {
    let x = load(source + k)
    low += doubles(x.lowHalf)
    high += doubles(x.highHalf)
    k += lanes
  }
  var total = (low + high).sum()
  while k < columns {
    total += Double(source[k])
    k += 1
  }
  return total
}

/// Σ (x − mean)².
@inline(__always)
private func squares(
  _ source: UnsafePointer<Float>, _ columns: Int, around mean: Double
) -> Double {
  let means = Doubles(repeating: mean)
  var low = Doubles.zero
  var high = Doubles.zero
  var k = 0
  while k + lanes <= columns {
    let x = load(source + k)
    let a = doubles(x.lowHalf) - means
    let b = doubles(x.highHalf) - means
    low.addProduct(a, a)
    high.addProduct(b, b)
    k += lanes
  }
  var total = (low + high).sum()
  while k < columns {
    let difference = Double(source[k]) - mean
    total += difference * difference
    k += 1
  }
  return total
}
