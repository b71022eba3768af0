import CLAPACKE

/// Least squares by its normal equations.
enum NormalEquations {
  /// G·x = r by Cholesky's factorisation, for each of `columns` right sides of n values.
  ///
  /// `gram` `[n, n]` is symmetric, and the factor afterwards; `right` `[columns, n]` holds the solutions
  /// afterwards. `ridge` is added to the diagonal, as part of its mean: it keeps directions without data
  /// at zero.
  /// - Returns: whether G is positive definite.
  static func solve(
    _ gram: inout [Double], _ right: inout [Double], n: Int, columns: Int = 1, ridge: Double
  ) -> Bool {
    let mean = (0..<n).reduce(0) { $0 + gram[$1 * n + $1] } / Double(n)
    guard mean.isFinite, mean > 0 else { return false }
    for i in 0..<n { gram[i * n + i] += ridge * mean }
    return LAPACKE_dposv(
      LAPACK_COL_MAJOR, Int8(UInt8(ascii: "U")), Int32(n), Int32(columns), &gram, Int32(n),
      &right, Int32(n)) == 0
  }
}
