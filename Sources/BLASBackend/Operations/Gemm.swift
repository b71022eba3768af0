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
    guard let clock else {
      return multiplyPieces(m, n, k, alpha, a, b, transposesB, accumulates, c, rowStride)
    }
    clock.time { multiplyPieces(m, n, k, alpha, a, b, transposesB, accumulates, c, rowStride) }
  }

  private func multiplyPieces(
    _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: Matrix, _ b: Matrix, _ transposesB: Bool,
    _ accumulates: Bool, _ c: UnsafeMutablePointer<Float>, _ rowStride: Int
  ) {
    let numPieces = (k + Self.sumLength - 1) / Self.sumLength
    for piece in 0..<numPieces {
      let first = piece * k / numPieces
      let count = (piece + 1) * k / numPieces - first
      let rows = b.base + first * (transposesB ? 1 : b.rowStride)
      sgemm(
        CblasRowMajor, CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans, blasint(m),
        blasint(n), blasint(count), alpha, a.base + first, blasint(a.rowStride), rows,
        blasint(b.rowStride), accumulates || piece > 0 ? 1 : 0, c, blasint(rowStride))
    }
  }

  /// Terms of a sum that OpenBLAS gets at once. Its AVX-512 kernels add up to 384 products in one
  /// chain, whose rounding error grows with the root of its length; pieces that are added up stay
  /// within 6e-7 of the truth on Whisper's sizes.
  private static var sumLength: Int { 128 }
}
