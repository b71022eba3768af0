/// The variance V of a row's elements as the loop reads it; in units of u².
///
/// V = row₀·column₀ + row₁·column₁ + row₂·column₂ + coherent·max(s², b² + by + y²) + result·y²
/// + input·x² + floor, with y the exact output, b its bias, s = y − b and x the input at the same
/// place; for a softmax also y²·(x − shift)².
package struct ErrorRow: Sendable {
  package var row0 = 0.0
  package var row1 = 0.0
  package var row2 = 0.0
  package var coherent = 0.0
  /// 1 where the sum may have started from the bias, else 0.
  package var startsFromBias = 0.0
  package var result = 0.0
  package var input = 0.0
  package var shift: Double?
  package var floor = 0.0

  package init() {}
}

/// The factors of a panel's columns; absent ones are zeros.
package struct ErrorColumns {
  package let bias: UnsafePointer<Double>
  package let column0: UnsafePointer<Double>
  package let column1: UnsafePointer<Double>
  package let column2: UnsafePointer<Double>

  package init(
    bias: UnsafePointer<Double>, column0: UnsafePointer<Double>, column1: UnsafePointer<Double>,
    column2: UnsafePointer<Double>
  ) {
    self.bias = bias
    self.column0 = column0
    self.column1 = column1
    self.column2 = column2
  }
}

/// What an error is measured from: candidate − (base + difference), and the operation's input.
///
/// `@unchecked Sendable`: memory that is only read, while its owner lends it.
package struct ErrorOperands: @unchecked Sendable {
  package let candidate: Elements
  package let base: UnsafePointer<Double>
  package let difference: UnsafePointer<Float>?
  package let input: UnsafePointer<Float>?

  package init(
    candidate: Elements, base: UnsafePointer<Double>, difference: UnsafePointer<Float>?,
    input: UnsafePointer<Float>?
  ) {
    self.candidate = candidate
    self.base = base
    self.difference = difference
    self.input = input
  }
}

/// Sums over a row, and its extremes.
package struct ErrorRowSums: Sendable {
  package var errorSquared = 0.0
  package var exactSquared = 0.0
  /// ΣV, in units of u².
  package var variance = 0.0
  /// Largest e².
  package var largestSquared = 0.0
  /// Largest e²/V.
  package var worst = 0.0

  package init() {}
}
