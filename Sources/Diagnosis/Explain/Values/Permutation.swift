import TensorCore

/// Another order of rows or columns: element i of the result is element `order[i]` of the original.
struct Permutation {
  let order: [Int]

  var isIdentity: Bool { order.enumerated().allSatisfy { $0 == $1 } }

  /// The first places: `3 ← 7, 4 ← 8, …`.
  var text: String {
    let moved = order.enumerated().filter { $0 != $1 }
    return moved.prefix(3).map { "\($0) ← \($1)" }.joined(separator: ", ")
      + (moved.count > 3 ? ", … (\(moved.count) of \(order.count))" : "")
  }

  /// The columns of `y` that those of `x` equal, where each is used once; from some of the rows.
  static func ofColumns(_ x: Tensor, _ y: Tensor) -> Permutation? {
    let width = x.innerExtent
    let rows = x.elementCount / max(width, 1)
    guard width > 1, rows > 1 else { return nil }
    let picked = sampled(rows, 48)
    func columns(_ tensor: Tensor) -> [[Double]] {
      tensor.withFloat64 { values in
        (0..<width).map { column in picked.map { values[$0 * width + column] } }
      }
    }
    return matching(columns(x), columns(y))
  }

  static func ofRows(_ x: Tensor, _ y: Tensor) -> Permutation? {
    let width = max(x.innerExtent, 1)
    let rows = x.elementCount / width
    guard rows > 1 else { return nil }
    let picked = sampled(width, 48)
    func all(_ tensor: Tensor) -> [[Double]] {
      tensor.withFloat64 { values in
        (0..<rows).map { row in picked.map { values[row * width + $0] } }
      }
    }
    return matching(all(x), all(y))
  }

  private static func sampled(_ count: Int, _ wanted: Int) -> [Int] {
    let step = max(1, count / wanted)
    return Array(stride(from: 0, to: count, by: step).prefix(wanted))
  }

  /// The nearest of `b` for each of `a`; `nil` unless that is one to one.
  private static func matching(_ a: [[Double]], _ b: [[Double]]) -> Permutation? {
    var used: Set<Int> = []
    var order: [Int] = []
    for (index, vector) in a.enumerated() {
      var best = (index: index, distance: squaredDistance(vector, b[index]))
      for (other, candidate) in b.enumerated() where best.distance > 0 {
        let distance = squaredDistance(vector, candidate)
        if distance < best.distance { best = (other, distance) }
      }
      guard used.insert(best.index).inserted else { return nil }
      order.append(best.index)
    }
    return Permutation(order: order)
  }

  private static func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for i in 0..<a.count {
          let d = a[i] - b[i]
          sum += d * d
        }
      }
    }
    return sum
  }

  func appliedToColumns(_ y: Tensor) -> Tensor {
    let width = y.innerExtent
    return Tensor.float64(y.shape) { target in
      y.withFloat64 { source in
        for i in 0..<target.count { target[i] = source[i - i % width + order[i % width]] }
      }
    }
  }

  func appliedToRows(_ y: Tensor) -> Tensor {
    let width = y.innerExtent
    return Tensor.float64(y.shape) { target in
      y.withFloat64 { source in
        for i in 0..<target.count { target[i] = source[order[i / width] * width + i % width] }
      }
    }
  }
}
