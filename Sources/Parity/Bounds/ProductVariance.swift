/// The variance of the rounding error of products yᵢⱼ = Σₖ aᵢₖbⱼₖ, from rows' and columns' factors.
///
/// A sum of n terms pₖ in some order rounds each partial sum sₖ: V = Σₖ sₖ² + Σₖ pₖ² (the second
/// without fused multiply-add). Where the order has nothing to do with the terms' values — channels
/// of a network have no order — E sₖ² = (k/n)²s² + (k/n)(1 − k/n)P with P = Σ pₖ², so that
///
///     V = n·s²/3 + (n/6 + 1)·P.
///
/// By Cauchy-Schwarz that is at most (n/3 + n/6 + 1)·‖aᵢ‖²‖bⱼ‖²: √V ≤ √n·‖aᵢ‖‖bⱼ‖ as in Higham &
/// Mary 2019, attained for terms of one sign; for terms of mean zero it is √n times sharper, as in
/// Higham & Mary 2020, and blocked sums stay below both. P is taken from its exact marginals,
/// Pᵢⱼ ≈ RᵢQⱼ/ΣR with Rᵢ = Σⱼ Pᵢⱼ and Qⱼ = Σᵢ Pᵢⱼ, which cost two matrix-vector products.
struct ProductVariance: Sendable {
  /// Length of the sums.
  var length: Int
  /// Rᵢ, for rows.
  var rows: [Double]
  /// Qⱼ/ΣR, for columns.
  var columns: [Double]
  /// Natural order against exchangeable order, measured on sample elements; at least 1.
  var inflation = 1.0

  /// Σᵢⱼ Pᵢⱼ.
  var total: Double { rows.reduce(0) { $1.isFinite ? $0 + $1 : $0 } }

  init(length: Int, rowSums: [Double], columnSums: [Double]) {
    self.length = length
    rows = rowSums
    let sum = rowSums.reduce(0) { $1.isFinite ? $0 + $1 : $0 }
    columns = columnSums.map { sum > 0 ? $0 / sum : 0 }
  }

  /// Weight of P in V; `operands` is what else is rounded per operand, in units of u².
  func separableWeight(operands: Double) -> Double {
    (Double(length) / 6 + 1) * inflation + operands
  }

  /// Weight of s² in V.
  var coherentWeight: Double { Double(length) / 3 * inflation }

  /// Raises the model to what a plain sequential sum in natural order gives on sample elements, so
  /// that channels sorted by value, or values that vary slowly along the sum, are allowed for.
  mutating func calibrate(numRows: Int, numColumns: Int, term: (Int, Int, Int) -> Double) {
    guard numRows > 0, numColumns > 0, length > 0 else { return }
    let samples = 64
    var natural = 0.0
    var modelled = 0.0
    for sample in 0..<samples {
      let i = sample * numRows / samples
      // 29 is coprime to 64: columns are visited in another order than rows.
      let j = sample * 29 % samples * numColumns / samples
      var sum = 0.0
      var variance = 0.0
      for k in 0..<length {
        let p = term(i, j, k)
        sum += p
        variance += sum * sum + p * p
      }
      guard variance.isFinite else { continue }
      natural += variance
      modelled +=
        Double(length) / 3 * sum * sum + (Double(length) / 6 + 1) * rows[i] * columns[j]
    }
    if modelled > 0 { inflation = max(1, natural / modelled) }
  }
}

extension ProductVariance {
  /// a·bᵀ for a `[T, n]` and b `[out, n]`.
  static func rowsByRows(_ a: MatrixView, _ b: MatrixView, bEnergies: [Double]? = nil)
    -> ProductVariance
  {
    var product = ProductVariance(
      length: a.columns,
      rowSums: a.rowEnergies(columnWeights: bEnergies ?? b.columnEnergies()),
      columnSums: b.rowEnergies(columnWeights: a.columnEnergies()))
    product.calibrate(numRows: a.rows, numColumns: b.rows) { i, j, k in a[i, k] * b[j, k] }
    return product
  }

  /// a·v for a `[T, n]` and v `[n, out]`.
  static func rowsByColumns(_ a: MatrixView, _ v: MatrixView) -> ProductVariance {
    var product = ProductVariance(
      length: a.columns, rowSums: a.rowEnergies(columnWeights: v.rowEnergies()),
      columnSums: v.columnEnergies(rowWeights: a.columnEnergies()))
    product.calibrate(numRows: a.rows, numColumns: v.columns) { i, j, k in a[i, k] * v[k, j] }
    return product
  }

  /// A convolution of x `[T, in]` with a kernel `[out, in, 3]`: length 3·in, zeros in the padding.
  static func convolution(
    _ x: MatrixView, kernel: MatrixView, kernelEnergies: [Double], stride: Int, paddingLeft: Int,
    outputFrames: Int
  ) -> ProductVariance {
    let numIn = x.columns
    let taps = (0..<3).map { tap in
      x.rowEnergies(columnWeights: (0..<numIn).map { kernelEnergies[$0 * 3 + tap] })
    }
    func frame(_ i: Int, _ tap: Int) -> Int? {
      let t = i * stride + tap - paddingLeft
      return t >= 0 && t < x.rows ? t : nil
    }
    let rows = (0..<outputFrames).map { i in
      (0..<3).reduce(0.0) { sum, tap in sum + (frame(i, tap).map { taps[tap][$0] } ?? 0) }
    }
    // Every frame meets every tap of the kernel once in `stride` outputs, but for the border.
    let energies = x.columnEnergies().map { $0 / Double(stride) }
    let columns = kernel.rowEnergies(
      columnWeights: (0..<(numIn * 3)).map { energies[$0 / 3] })
    var product = ProductVariance(length: 3 * numIn, rowSums: rows, columnSums: columns)
    product.calibrate(numRows: outputFrames, numColumns: kernel.rows) { i, j, k in
      // Channel by channel within a tap: the order of implicit GEMM.
      let (tap, channel) = (k / numIn, k % numIn)
      return (frame(i, tap).map { x[$0, channel] } ?? 0) * kernel[j, channel * 3 + tap]
    }
    return product
  }
}
