import TensorCore

/// y = x·Wᵀ + b with Float32 weights and Float64 everything else.
struct LinearWeights: Sendable {
  /// `[outputs, inputs]`, aligned Float32.
  let weight: Tensor
  /// `[outputs]`; `nil` for keys and for the projection to the vocabulary.
  let bias: [Double]?

  var numOutputs: Int { weight.shape[0] }
  var numInputs: Int { weight.shape[1] }

  /// Multiply-adds of one task: below that, a second core costs more than it gives.
  private static let workPerTask = 1 << 17

  /// - Parameter x: `[rows, inputs]`; NaN and ∞ propagate.
  /// - Returns: `[rows, outputs]`. An element's bits depend neither on the number of rows nor on
  ///   the number of threads: each is one dot product, summed in one order.
  func callAsFunction(_ x: [Double]) -> [Double] {
    let (inputs, outputs) = (numInputs, numOutputs)
    let rows = x.count / inputs
    guard rows > 0 else { return [] }
    return [Double](unsafeUninitializedCapacity: rows * outputs) { target, count in
      weight.withFloat32 { w in
        x.withUnsafeBufferPointer { x in
          nonisolated(unsafe) let product = LinearProduct(
            x: x, w: w, y: target, rows: rows, inputs: inputs, outputs: outputs)
          // Many rows are cut by rows, so that each task keeps its rows in cache.
          if rows >= 32 {
            concurrently((rows + 15) / 16) { task in
              product.compute(
                rows: (task * 16)..<min(task * 16 + 16, rows), outputs: 0..<outputs)
            }
          } else {
            let chunk = max(8, Self.workPerTask / (inputs * rows) & ~7)
            concurrently((outputs + chunk - 1) / chunk) { task in
              product.compute(
                rows: 0..<rows, outputs: (task * chunk)..<min(task * chunk + chunk, outputs))
            }
          }
        }
      }
      addBias(to: target)
      count = rows * outputs
    }
  }

  private func addBias(to y: UnsafeMutableBufferPointer<Double>) {
    guard let bias else { return }
    for start in stride(from: 0, to: y.count, by: bias.count) {
      for i in 0..<bias.count { y[start + i] += bias[i] }
    }
  }
}

/// The product of `LinearWeights`, over opened pointers.
private struct LinearProduct {
  let x: UnsafeBufferPointer<Double>
  let w: UnsafeBufferPointer<Float>
  let y: UnsafeMutableBufferPointer<Double>
  let rows: Int
  let inputs: Int
  let outputs: Int

  /// Fills a rectangle of y. A single row takes four outputs at a time; more rows are taken in
  /// pairs with pairs of outputs, which share their loads.
  func compute(rows: Range<Int>, outputs range: Range<Int>) {
    let isSingle = rows.count == 1
    var output = range.lowerBound
    while output < range.upperBound {
      let left = range.upperBound - output
      if isSingle && left >= 4 {
        four(rows.lowerBound, output)
        output += 4
      } else if left >= 2 {
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: 2) {
          if row + 1 < rows.upperBound { pairOfPairs(row, output) } else { two(row, output) }
        }
        output += 2
      } else {
        for row in rows { one(row, output) }
        output += 1
      }
    }
  }

  @inline(__always)
  private func loadX(_ offset: Int) -> SIMD4<Double> {
    UnsafeRawPointer(x.baseAddress.unsafelyUnwrapped + offset)
      .loadUnaligned(as: SIMD4<Double>.self)
  }

  @inline(__always)
  private func loadW(_ offset: Int) -> SIMD4<Double> {
    SIMD4<Double>(
      UnsafeRawPointer(w.baseAddress.unsafelyUnwrapped + offset)
        .loadUnaligned(as: SIMD4<Float>.self))
  }

  /// The lanes' sum in a fixed order, then what a length that is no multiple of four leaves over.
  @inline(__always)
  private func store(_ lanes: SIMD4<Double>, _ row: Int, _ output: Int) {
    var sum = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
    for i in (inputs & ~3)..<inputs {
      sum += x[row * inputs + i] * Double(w[output * inputs + i])
    }
    y[row * outputs + output] = sum
  }

  @inline(__always)
  private func one(_ row: Int, _ output: Int) {
    var sum = SIMD4<Double>.zero
    for i in stride(from: 0, to: inputs & ~3, by: 4) {
      sum += loadX(row * inputs + i) * loadW(output * inputs + i)
    }
    store(sum, row, output)
  }

  @inline(__always)
  private func two(_ row: Int, _ output: Int) {
    var (a, b) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    let (w0, w1) = (output * inputs, (output + 1) * inputs)
    for i in stride(from: 0, to: inputs & ~3, by: 4) {
      let x = loadX(row * inputs + i)
      a += x * loadW(w0 + i)
      b += x * loadW(w1 + i)
    }
    store(a, row, output)
    store(b, row, output + 1)
  }

  @inline(__always)
  private func four(_ row: Int, _ output: Int) {
    var (a, b) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    var (c, d) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    let w0 = output * inputs
    for i in stride(from: 0, to: inputs & ~3, by: 4) {
      let x = loadX(row * inputs + i)
      a += x * loadW(w0 + i)
      b += x * loadW(w0 + inputs + i)
      c += x * loadW(w0 + 2 * inputs + i)
      d += x * loadW(w0 + 3 * inputs + i)
    }
    store(a, row, output)
    store(b, row, output + 1)
    store(c, row, output + 2)
    store(d, row, output + 3)
  }

  @inline(__always)
  private func pairOfPairs(_ row: Int, _ output: Int) {
    var (a, b) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    var (c, d) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    let (x0, x1) = (row * inputs, (row + 1) * inputs)
    let (w0, w1) = (output * inputs, (output + 1) * inputs)
    for i in stride(from: 0, to: inputs & ~3, by: 4) {
      let (p, q) = (loadX(x0 + i), loadX(x1 + i))
      let (u, v) = (loadW(w0 + i), loadW(w1 + i))
      a += p * u
      b += p * v
      c += q * u
      d += q * v
    }
    store(a, row, output)
    store(b, row, output + 1)
    store(c, row + 1, output)
    store(d, row + 1, output + 1)
  }
}
