/// Layer norm of rows: lanes sum in Float32, their totals and the statistics are Float64.

import KernelTable

/// y = (x − μ)/√(σ² + ε)·weight + bias. μ is taken off in two Floats, so that a mean far from zero
/// costs no accuracy.
func layerNorm(_ arguments: LayerNormArguments) {
  for row in arguments.rows {
    let source = arguments.source + row * arguments.sourceStride
    let out = arguments.out.base + row * arguments.out.stride
    normalise(source, out, arguments)
  }
}

@inline(__always)
private func normalise(
  _ source: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
  _ arguments: LayerNormArguments
) {
  let columns = arguments.columns
  let whole = columns / lanes * lanes
  let rest = columns - whole
  var first = Vector.zero
  var second = Vector.zero
  var k = 0
  while k + panelWidth <= columns {
    first += load(source + k)
    second += load(source + k + lanes)
    k += panelWidth
  }
  if k + lanes <= columns { first += load(source + k) }
  var total = sum(first) + sum(second)
  if rest > 0 { total += sum(loadPartial(source + whole, rest)) }
  let mean = total / Double(columns)
  let high = Vector(repeating: Float(mean))
  let low = Vector(repeating: Float(mean - Double(Float(mean))))

  first = .zero
  second = .zero
  k = 0
  while k + panelWidth <= columns {
    let a = load(source + k) - high - low
    let b = load(source + k + lanes) - high - low
    first.addProduct(a, a)
    second.addProduct(b, b)
    k += panelWidth
  }
  if k + lanes <= columns {
    let a = load(source + k) - high - low
    first.addProduct(a, a)
  }
  var squares = sum(first) + sum(second)
  for k in whole..<columns {
    let difference = Double(source[k]) - mean
    squares += difference * difference
  }
  let variance = squares / Double(columns)
  let scale = Vector(repeating: Float(1 / (variance + arguments.epsilon).squareRoot()))
  k = 0
  while k < whole {
    let centred = (load(source + k) - high - low) * scale
    store(load(arguments.bias + k).addingProduct(centred, load(arguments.weight + k)), out + k)
    k += lanes
  }
  if rest > 0 {
    let centred = (loadPartial(source + whole, rest) - high - low) * scale
    let weight = loadPartial(arguments.weight + whole, rest)
    let bias = loadPartial(arguments.bias + whole, rest)
    storePartial(bias.addingProduct(centred, weight), out + whole, rest)
  }
}
