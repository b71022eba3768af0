import TensorCore

/// A difference at evenly spaced frames and channels: small enough to keep, large enough to show
/// whether an error is spread over all directions, as rounding is, or lies in a few.
package struct DifferenceSample: Sendable {
  /// Rows of equal length; empty where a value is not finite.
  private let rows: [[Float]]

  private static let limit = 96

  init(reference: Tensor, candidate: Tensor, frames: Int, channels: Int) {
    let height = min(frames, Self.limit)
    let width = min(channels, Self.limit)
    rows = reference.withFloat64 { r in
      candidate.withFloat64 { x in
        (0..<height).map { row in
          (0..<width).map { column in
            let index = row * frames / height * channels + column * channels / width
            return Float(x[index] - r[index])
          }
        }
      }
    }
  }

  /// Singular values, the largest first; empty where a value is not finite.
  ///
  /// One-sided Jacobi rotations make the rows orthogonal; their norms are the singular values.
  /// - Note: Source G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed., 8.6.3.
  package var singularValues: [Double] {
    guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return [] }
    let scale = rows.reduce(0) { max($0, $1.reduce(0) { max($0, abs($1)) }) }
    guard scale > 0 else { return [] }
    var vectors = rows.map { $0.map { Double($0 / scale) } }
    for _ in 0..<Self.maxSweeps where !Self.sweep(&vectors) { break }
    return vectors.map { Self.inner($0, $0).squareRoot() * Double(scale) }.sorted(by: >)
  }

  private static let maxSweeps = 12
  /// Rows count as orthogonal below this cosine: far finer than a picture shows.
  private static let orthogonality = 1e-6

  /// One rotation for every pair; answers whether any was needed.
  private static func sweep(_ vectors: inout [[Double]]) -> Bool {
    var isNeeded = false
    for p in vectors.indices {
      for q in vectors.indices where q > p {
        let alpha = inner(vectors[p], vectors[p])
        let beta = inner(vectors[q], vectors[q])
        let gamma = inner(vectors[p], vectors[q])
        guard abs(gamma) > orthogonality * (alpha * beta).squareRoot() else { continue }
        isNeeded = true
        let zeta = (beta - alpha) / (2 * gamma)
        let tangent = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
        let cosine = 1 / (1 + tangent * tangent).squareRoot()
        rotate(&vectors, p, q, cosine, cosine * tangent)
      }
    }
    return isNeeded
  }

  private static func rotate(
    _ vectors: inout [[Double]], _ p: Int, _ q: Int, _ cosine: Double, _ sine: Double
  ) {
    for i in vectors[p].indices {
      let a = vectors[p][i]
      let b = vectors[q][i]
      vectors[p][i] = cosine * a - sine * b
      vectors[q][i] = sine * a + cosine * b
    }
  }

  private static func inner(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }
}
