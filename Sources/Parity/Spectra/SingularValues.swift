import CLAPACKE
import EncoderModel

/// Extent up to which all singular values are computed.
private let exactExtent = 160
/// Singular values computed of larger matrices.
private let numLeading = 16

/// Singular values of a row-major matrix, descending: all of a small one, the leading ones of others.
///
/// Large matrices go through a random sketch Q of their range with one power iteration, and the
/// singular values of Qᵀ·A; leading values that stand out are found to many digits.
/// - Note: Source Halko, Martinsson & Tropp 2011 (arXiv 0909.4061), algorithms 4.3 and 5.1.
func leadingSingularValues(_ a: [Double], rows: Int, columns: Int) -> [Double] {
  if min(rows, columns) <= exactExtent {
    return singularValues(a, rows: rows, columns: columns)
  }
  let count = numLeading
  var range = multiply(
    a, rows: rows, columns: columns, randomMatrix(rows: columns, columns: count), count)
  orthonormalise(&range, rows: rows, columns: count)
  var back = multiply(a, rows: rows, columns: columns, transposed: true, range, count)
  orthonormalise(&back, rows: columns, columns: count)
  range = multiply(a, rows: rows, columns: columns, back, count)
  orthonormalise(&range, rows: rows, columns: count)
  back = multiply(a, rows: rows, columns: columns, transposed: true, range, count)
  return singularValues(back, rows: columns, columns: count)
}

/// All singular values, by LAPACK's divide and conquer; none where it does not converge.
private func singularValues(_ a: [Double], rows: Int, columns: Int) -> [Double] {
  var copy = a
  var values = [Double](repeating: 0, count: min(rows, columns))
  var unused = [0.0]
  var alsoUnused = [0.0]
  let status = LAPACKE_dgesdd(
    LAPACK_ROW_MAJOR, Int8(UInt8(ascii: "N")), Int32(rows), Int32(columns), &copy,
    Int32(columns), &values, &unused, Int32(max(rows, 1)), &alsoUnused,
    Int32(max(columns, 1)))
  return status == 0 ? values : []
}

/// Replaces the columns by an orthonormal basis of their span.
private func orthonormalise(_ a: inout [Double], rows: Int, columns: Int) {
  var scales = [Double](repeating: 0, count: columns)
  let (m, n) = (Int32(rows), Int32(columns))
  guard LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, m, n, &a, n, &scales) == 0 else { return }
  _ = LAPACKE_dorgqr(LAPACK_ROW_MAJOR, m, n, n, &a, n, scales)
}

private func randomMatrix(rows: Int, columns: Int) -> [Double] {
  (0..<(rows * columns)).map {
    CounterHash.uniform(seed: 17, stream: 3, counter: UInt64($0)) - 0.5
  }
}

/// a·b with b `[columns, count]`, or aᵀ·b with b `[rows, count]`.
private func multiply(
  _ a: [Double], rows: Int, columns: Int, transposed isTransposed: Bool = false, _ b: [Double],
  _ count: Int
) -> [Double] {
  var out = [Double](repeating: 0, count: (isTransposed ? columns : rows) * count)
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      out.withUnsafeMutableBufferPointer { out in
        for i in 0..<rows {
          for k in 0..<columns {
            let value = a[i &* columns &+ k]
            let (to, from) = isTransposed ? (k &* count, i &* count) : (i &* count, k &* count)
            for j in 0..<count { out[to &+ j] += value * b[from &+ j] }
          }
        }
      }
    }
  }
  return out
}
