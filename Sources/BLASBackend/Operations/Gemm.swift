import COpenBLAS

/// A row-major matrix somewhere in memory.
struct Matrix {
  var base: UnsafePointer<Float>
  /// Elements from one row to the next.
  var rowStride: Int

  init(_ base: UnsafePointer<Float>, rowStride: Int) {
    self.base = base
    self.rowStride = rowStride
  }
}

extension OpenBLASLibrary {
  /// c = alpha·a·b (+ c where `accumulates`), or a·bᵀ, on the calling thread.
  ///
  /// - Parameters:
  ///   - m: rows of `a` and `c`.
  ///   - n: columns of `c`.
  ///   - k: length of the sums.
  ///   - alpha: scales the product.
  ///   - a: `[m, k]`.
  ///   - b: `[k, n]`, or `[n, k]` where `transposesB`.
  ///   - transposesB: whether rows of `b` are columns of the product.
  ///   - accumulates: whether the product is added to `c`.
  ///   - c: `[m, n]`.
  ///   - rowStride: elements from one row of `c` to the next.
  func multiply(
    m: Int, n: Int, k: Int, alpha: Float = 1, _ a: Matrix, _ b: Matrix, transposesB: Bool,
    accumulates: Bool = false, into c: UnsafeMutablePointer<Float>, rowStride: Int
  ) {
    guard m > 0, n > 0, k > 0 else { return }
    sgemm(
      CblasRowMajor, CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans, blasint(m), blasint(n),
      blasint(k), alpha, a.base, blasint(a.rowStride), b.base, blasint(b.rowStride),
      accumulates ? 1 : 0, c, blasint(rowStride))
  }
}
