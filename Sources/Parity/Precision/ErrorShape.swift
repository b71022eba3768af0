import TensorCore

/// Figures of an error's shape that tell rounding, which looks random, from structure.
struct ErrorShape {
  /// Share of Σe² that lies in the columns' means: 1/T for independent errors, 1 for a bias.
  var columnMeanShare = 0.0
  /// Share that lies in the rows' means.
  var rowMeanShare = 0.0
  /// Share that is parallel to the rows of y: 1/C for independent errors, 1 for rows scaled wrongly,
  /// whatever the factor of each.
  var rowAlignment = 0.0
  /// The same for columns.
  var columnAlignment = 0.0
  /// Rows over which relative errors spread, as part of all: (Σρ)²/(TΣρ²) with ρ = ‖e‖²/‖y‖².
  var participation = 1.0
  /// Share of the rows that are right to within some Float32 roundings: products in a lower precision leave none
  /// such in attention, a mask does.
  var untouched = 0.0

  /// Limits from rounding simulated at every product of Whisper encoders: frames of silence
  /// resemble each other and so do their errors, which stays under a third.
  var isRandomLike: Bool {
    max(columnMeanShare, rowMeanShare, rowAlignment, columnAlignment) < 0.35 && participation > 0.1
  }

  /// `numPieces` heads stand side by side in a row, each a row of its own. The error is that against
  /// `explained` where given.
  init(candidate: Tensor, exact: Tensor, explained: Tensor? = nil, numPieces: Int = 1) {
    let width = max(candidate.innerExtent / max(numPieces, 1), 1)
    let rows = candidate.elementCount / width
    let pieces = max(numPieces, 1)
    candidate.withFloat64 { x in
      exact.withFloat64 { y in
        (explained ?? exact).withFloat64 { z in
          measure(x, y, z, rows: rows, width: width, pieces: pieces)
        }
      }
    }
  }

  /// ‖e‖²/‖y‖² of a row that eight Float32 roundings may leave.
  private static let float32Ratio = 0x1p-42

  private struct Moments {
    var error = 0.0
    var square = 0.0
    var inner = 0.0
    var norm = 0.0

    mutating func add(_ e: Double, _ y: Double) {
      error += e
      square += e * e
      inner += e * y
      norm += y * y
    }

    /// The part of Σe² along y.
    var parallel: Double { norm > 0 ? inner * inner / norm : 0 }
  }

  private mutating func measure(
    _ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>,
    _ z: UnsafeBufferPointer<Double>, rows: Int, width: Int, pieces: Int
  ) {
    var columns = [Moments](repeating: Moments(), count: width * pieces)
    var (energy, rowMeans, rowParallel, spread, spreadSquared) = (0.0, 0.0, 0.0, 0.0, 0.0)
    var (counted, right) = (0, 0)
    for row in 0..<rows {
      var moments = Moments()
      for j in 0..<width {
        let index = row * width + j
        let e = x[index] - z[index]
        guard e.isFinite else { continue }
        moments.add(e, y[index])
        columns[row % pieces * width + j].add(e, y[index])
      }
      energy += moments.square
      rowMeans += moments.error * moments.error / Double(width)
      rowParallel += moments.parallel
      if moments.norm > 0 {
        let ratio = moments.square / moments.norm
        spread += ratio
        spreadSquared += ratio * ratio
        counted += 1
        if ratio <= Self.float32Ratio { right += 1 }
      }
    }
    guard energy > 0 else { return }
    let height = Double(max(rows / pieces, 1))
    columnMeanShare = columns.reduce(0) { $0 + $1.error * $1.error } / height / energy
    columnAlignment = columns.reduce(0) { $0 + $1.parallel } / energy
    rowMeanShare = rowMeans / energy
    rowAlignment = rowParallel / energy
    untouched = Double(right) / Double(max(counted, 1))
    if spreadSquared > 0 { participation = spread * spread / (Double(rows) * spreadSquared) }
  }
}
