import EncoderModel
import TensorCore

extension ErrorModelBuilder {
  /// x·Φ(x) as engines compute it, x/2·(1 + erf(x/√2)).
  ///
  /// 1 + erf is of size 1 before it cancels, so at the negative tail the error is of size u|x|, not
  /// u|y|. Polynomials for erf that engines use are honest Float32 with coefficients that cancel:
  /// Abramowitz & Stegun 7.1.26 (vector code of many engines, PyTorch's AVX2 among them) errs by up
  /// to 11u near 0, oneDNN's tables (PyTorch with AVX-512) by up to 12u for 2 < |x| < 5, both with an
  /// rms of up to 2.8u over a narrow range of x. So δ = 6u, whose uniform rms is 3.5u, times |x|/2:
  /// 9x²; the roundings of the argument and of 1 + erf, at most 1u, are in it. Then two products: 2y².
  /// Rounded inputs come through with the slope, at most 1.13.
  func geluModel(_ x: Tensor, _ storage: StorageRounding) -> ErrorModel {
    var panel = fullPanel(rows: x.rowCount, columns: x.innerExtent)
    panel.input = 9 + 1.28 * storage.input(0)
    panel.result = 2
    return ErrorModel(panels: [panel], unit: claim.unit, input: x)
  }

  /// One rounding of the result, and one of each summand as it is shown: an engine that fuses operations or
  /// computes in Float64 adds what it has, not what it wrote down. x₁² + x₂² = x₁² + (y − x₁)², at most
  /// 3x₁² + 2y².
  func addModel(_ first: Tensor, _ node: ProgramNode, _ storage: StorageRounding) -> ErrorModel {
    let columns = node.shape.last ?? 1
    let shown = (0x1p-24 / claim.unit) * (0x1p-24 / claim.unit)
    let stored = max(storage.input(0), storage.input(1), shown)
    var panel = fullPanel(rows: node.shape.dropLast().reduce(1, *), columns: columns)
    panel.result = 1 + 2 * stored
    panel.input = 3 * stored
    return ErrorModel(panels: [panel], unit: claim.unit, input: first)
  }

  /// y = (x − μ)/σ·γ + β with σ² = var + ε, in whichever of the forms engines use.
  ///
  /// With n the width, v the variance, m₂ = v + μ² and r = 1/σ, in units of u²:
  /// - the mean, summed in sequence: Vμ = nμ²/3 + (1/6 + 1/n)·m₂ + μ²; it shifts every element of
  ///   the row by γ·δμ·r;
  /// - the variance in one pass, Σx²/n − μ² (ONNX Runtime; two passes and Welford stay below):
  ///   δ(var) = δ(m₂) + 2μδμ, so V_v = (n/3 + 2)·m₂² + 4μ²Vμ + μ⁴, and the row is scaled by
  ///   1 + δ(var)·r²/2: V_s = V_v·r⁴/4. Here |μ| ≫ σ cancels: V_s grows with (μ/σ)⁴;
  /// - x − μ, or x·r − μ·r (PyTorch): (x² + μ²)r² ≤ 2x̂² + 3μ²r²; the products with r and γ and the
  ///   root, 6x̂²; γ and β where folded: y² + β².
  ///
  /// V = γ²·(Vμ + 6μ²)r² + (y − β)²·(V_s + 8) + β² + y².
  func layerNormModel(_ norm: LayerNorm, _ x: Tensor, _ storage: StorageRounding) throws
    -> ErrorModel
  {
    let columns = x.innerExtent
    let gamma = try statistics.vector(norm.weight) ?? [Double](repeating: 1, count: columns)
    let beta = try statistics.vector(norm.bias) ?? [Double](repeating: 0, count: columns)
    if norm.isOverFrames { return normOverFramesModel(norm, x, gamma, beta, storage) }
    let rows = x.withFloat32 { buffer in
      nonisolated(unsafe) let buffer = buffer
      return mapChunks(x.rowCount, chunk: 64) { rows in
        rows.map { row in
          layerNormRow(
            UnsafeBufferPointer(rebasing: buffer[(row * columns)..<((row + 1) * columns)]),
            epsilon: norm.epsilon, stored: storage.input(0), unit: claim.unit)
        }
      }.flatMap { $0 }
    }
    var panel = fullPanel(rows: x.rowCount, columns: columns)
    panel.separable = [
      .init(row: rows.map(\.shift), column: gamma.map { $0 * $0 }),
      .init(
        row: [Double](repeating: 1, count: x.rowCount), column: beta.map { $0 * $0 }),
    ]
    panel.coherent = rows.map(\.scale)
    panel.bias = beta
    return ErrorModel(panels: [panel], unit: claim.unit)
  }
}

extension ErrorModelBuilder {
  /// The same for a norm over the frames, its factors those of channels: the scale's error is allowed for at the
  /// channel where it is largest.
  private func normOverFramesModel(
    _ norm: LayerNorm, _ x: Tensor, _ gamma: [Double], _ beta: [Double],
    _ storage: StorageRounding
  ) -> ErrorModel {
    let (frames, columns) = (x.rowCount, x.innerExtent)
    let factors = x.withFloat32 { values in
      (0..<columns).map { channel in
        (0..<frames).map { values[$0 * columns + channel] }.withUnsafeBufferPointer {
          layerNormRow(
            $0, epsilon: norm.epsilon, stored: storage.input(0), unit: claim.unit)
        }
      }
    }
    var panel = fullPanel(rows: frames, columns: columns)
    let column = (0..<columns).map { channel in
      let (shift, scale) = factors[channel]
      let b = beta[channel] * beta[channel]
      return gamma[channel] * gamma[channel] * shift + b * (1 + 2 * scale)
    }
    panel.separable = [.init(row: [Double](repeating: 1, count: frames), column: column)]
    panel.result = 1 + 2 * (factors.map(\.scale).max() ?? 0)
    return ErrorModel(panels: [panel], unit: claim.unit)
  }
}

/// Variance factors of one row of a layer norm: of its shift in units of γ, and of its scale.
func layerNormRow(
  _ row: UnsafeBufferPointer<Float>, epsilon: Double, stored: Double, unit: Double
) -> (shift: Double, scale: Double) {
  let n = Double(max(row.count, 1))
  var sum = 0.0
  for value in row { sum += Double(value) }
  let mean = sum / n
  var squares = 0.0
  for value in row { squares += (Double(value) - mean) * (Double(value) - mean) }
  let variance = squares / n
  let second = variance + mean * mean
  let inverse = 1 / (variance + epsilon)
  // Terms that differ by less than the spacing of partial sums, 2un|μ|, are rounded alike: errors
  // of one sign, which add up to n/2 instead of √(n/3).
  let spacing = 2 * unit * n * abs(mean)
  let alike = variance > 0 ? min(1, spacing * spacing / variance) : 1
  let systematic = alike * n * n / 4
  let meanVariance =
    (n / 3 + systematic) * mean * mean + (1.0 / 6 + 1 / n) * second + mean * mean
  let spread =
    (n / 3 + 2 + systematic) * second * second + 4 * mean * mean * meanVariance
    + mean * mean * mean * mean
  // A row stored in a narrow type: every x is off by its own rounding, of x² = (μ + σx̂)².
  let shift = (meanVariance + 6 * mean * mean + 2 * stored * mean * mean) * inverse
  return (shift, spread * inverse * inverse / 4 + 8 + 2 * stored)
}
