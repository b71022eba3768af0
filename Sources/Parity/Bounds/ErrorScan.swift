import ParityArithmetic
import TensorCore

/// What one pass over candidate, exact value and error model finds.
struct ErrorScan: Sendable {
  var count = 0
  var errorSquared = 0.0
  var exactSquared = 0.0
  /// ΣV, in units of u².
  var variance = 0.0
  /// Σ over rows of each row's squared ΣV.
  var rowVarianceSquared = 0.0
  var maxAbs = 0.0
  /// Largest e²/V, where it is, and error and V there.
  var worst = 0.0
  var worstIndex = 0
  var worstError = 0.0
  var worstVariance = 0.0
  /// Elements that are NaN or ∞ where the exact operation is finite.
  var nonFinite = 0

  mutating func merge(_ other: ErrorScan) {
    count += other.count
    errorSquared += other.errorSquared
    exactSquared += other.exactSquared
    variance += other.variance
    rowVarianceSquared += other.rowVarianceSquared
    maxAbs = max(maxAbs, other.maxAbs)
    nonFinite += other.nonFinite
    if other.worst > worst {
      worst = other.worst
      worstIndex = other.worstIndex
      worstError = other.worstError
      worstVariance = other.worstVariance
    }
  }
}

/// The exact output of an operation: Float64, or Float64 plus a small Float32 difference.
struct ExactValue: Sendable {
  var base: Tensor
  /// Added to `base` where present.
  var difference: Tensor?

  /// Both in one Float64 tensor.
  var tensor: Tensor {
    guard let difference else { return base.converted(to: .float64) }
    return Tensor.float64(base.shape) { target in
      base.withFloat64 { b in
        difference.withFloat32 { d in
          for i in target.indices { target[i] = b[i] + Double(d[i]) }
        }
      }
    }
  }
}

extension ErrorModel {
  /// Measures candidate − exact against the model.
  /// - Precondition: equal element counts; the panels lie within them.
  func scan(candidate: Tensor, exact: ExactValue) -> ErrorScan {
    let wide = candidate.scalarType == .float64
    let cand = wide ? candidate : candidate.converted(to: .float32)
    let base = exact.base.converted(to: .float64)
    let difference = exact.difference?.converted(to: .float32)
    let source = input?.converted(to: .float32)
    return cand.withUnsafeBytes { candBytes in
      base.withUnsafeBytes { baseBytes in
        withOptionalBytes(difference) { differenceBytes in
          withOptionalBytes(source) { sourceBytes in
            guard let c = candBytes.baseAddress, let b = baseBytes.baseAddress else {
              return ErrorScan()
            }
            return scanPanels(
              ErrorOperands(
                candidate: Elements(c, isFloat64: wide),
                base: b.assumingMemoryBound(to: Double.self),
                difference: differenceBytes?.baseAddress?.assumingMemoryBound(to: Float.self),
                input: sourceBytes?.baseAddress?.assumingMemoryBound(to: Float.self)))
          }
        }
      }
    }
  }

  private func scanPanels(_ operands: ErrorOperands) -> ErrorScan {
    var total = ErrorScan()
    for panel in panels {
      let chunk = max(1, 32768 / max(panel.columns, 1))
      for part in mapChunks(
        panel.rows, chunk: chunk,
        { range in
          scanRows(panel, operands, rows: range)
        })
      { total.merge(part) }
    }
    return total
  }
}

extension ErrorOperands {
  /// The exact output at `index`.
  func exact(_ index: Int) -> Double { base[index] + (difference.map { Double($0[index]) } ?? 0) }

  /// The operation's input at `index`; 0 where it has none.
  func inputValue(_ index: Int) -> Double { input.map { Double($0[index]) } ?? 0 }
}

func withOptionalBytes<R>(_ tensor: Tensor?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
  guard let tensor else { return body(nil) }
  return tensor.withUnsafeBytes { body($0) }
}
