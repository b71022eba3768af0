/// Scaled dot-product attention over cached keys and values, in Float64.
struct Attention {
  let numHeads: Int
  let width: Int

  /// Multiply-adds from which on a second core pays.
  private static let workPerTask = 1 << 15

  /// What one row attends to.
  struct Span {
    let keys: [Double]
    let values: [Double]
    /// The first `count` positions of keys and values are seen: this is the causal mask.
    let count: Int
  }

  /// softmax(q·kᵀ/√headDim)·v per head.
  /// - Parameters:
  ///   - queries: `[rows, width]`.
  ///   - spans: one a row; keys and values are `[positions, width]`.
  /// - Returns: `[rows, width]`, heads side by side.
  func callAsFunction(_ queries: [Double], _ spans: [Span]) -> [Double] {
    [Double](unsafeUninitializedCapacity: queries.count) { target, count in
      nonisolated(unsafe) let target = target
      let work = spans.reduce(0) { $0 + $1.count } * width * 2
      let tasks = spans.count * numHeads
      queries.withUnsafeBufferPointer { queries in
        nonisolated(unsafe) let queries = queries
        let one = { (task: Int) in
          let (row, head) = (task / numHeads, task % numHeads)
          attend(queries, spans[row], row: row, head: head, into: target)
        }
        if work < Self.workPerTask { (0..<tasks).forEach(one) } else { concurrently(tasks, one) }
      }
      count = queries.count
    }
  }

  private func attend(
    _ queries: UnsafeBufferPointer<Double>, _ span: Span, row: Int, head: Int,
    into target: UnsafeMutableBufferPointer<Double>
  ) {
    let headDim = width / numHeads
    let start = row * width + head * headDim
    let scale = 1 / Double(headDim).squareRoot()
    span.keys.withUnsafeBufferPointer { keys in
      span.values.withUnsafeBufferPointer { values in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: span.count) { scores in
          for position in 0..<span.count {
            let key = position * width + head * headDim
            scores.initializeElement(
              at: position, to: scale * dot(queries, start, keys, key, headDim))
          }
          DecoderMath.softmax(scores)
          for i in 0..<headDim { target.initializeElement(at: start + i, to: 0) }
          for position in 0..<span.count {
            let (weight, value) = (scores[position], position * width + head * headDim)
            for i in 0..<headDim { target[start + i] += weight * values[value + i] }
          }
        }
      }
    }
  }

  /// Σ aᵢ·bᵢ in four interleaved sums.
  @inline(__always)
  private func dot(
    _ a: UnsafeBufferPointer<Double>, _ aStart: Int, _ b: UnsafeBufferPointer<Double>,
    _ bStart: Int, _ count: Int
  ) -> Double {
    var (s0, s1, s2, s3) = (0.0, 0.0, 0.0, 0.0)
    var i = 0
    while i + 3 < count {
      s0 += a[aStart + i] * b[bStart + i]
      s1 += a[aStart + i + 1] * b[bStart + i + 1]
      s2 += a[aStart + i + 2] * b[bStart + i + 2]
      s3 += a[aStart + i + 3] * b[bStart + i + 3]
      i += 4
    }
    while i < count {
      s0 += a[aStart + i] * b[bStart + i]
      i += 1
    }
    return (s0 + s2) + (s1 + s3)
  }
}
