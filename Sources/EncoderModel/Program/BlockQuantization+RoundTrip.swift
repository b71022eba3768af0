extension BlockQuantization {
  /// Quantises one row and dequantises it in place; blocks of 32 as ggml cuts them, the last one
  /// shorter where the row's length asks for it. Scales are stored in f16.
  /// - Note: Source ggml `quantize_row_q4_0_ref` … `quantize_row_q8_0_ref`.
  package func roundTrip(row: UnsafeMutableBufferPointer<Float>) {
    for start in stride(from: 0, to: row.count, by: 32) {
      let end = min(start + 32, row.count)
      let block = UnsafeMutableBufferPointer(rebasing: row[start..<end])
      switch self {
      case .q4_0: symmetric(block, levels: 8)
      case .q5_0: symmetric(block, levels: 16)
      case .q4_1: affine(block, steps: 15)
      case .q5_1: affine(block, steps: 31)
      case .q8_0: absmax(block)
      }
    }
  }

  /// d = (value of largest magnitude)/−levels; q = clamp(⌊x/d + levels + ½⌋).
  private func symmetric(_ block: UnsafeMutableBufferPointer<Float>, levels: Float) {
    var extreme: Float = 0
    for value in block where abs(value) > abs(extreme) { extreme = value }
    let scale = extreme / -levels
    let inverse = scale == 0 ? 0 : 1 / scale
    let stored = Float(Float16(scale))
    for i in block.indices {
      let q = min(2 * levels - 1, (block[i] * inverse + levels + 0.5).rounded(.towardZero))
      block[i] = (q - levels) * stored
    }
  }

  /// d = (max − min)/steps, m = min; q = ⌊(x − m)/d + ½⌋.
  private func affine(_ block: UnsafeMutableBufferPointer<Float>, steps: Float) {
    guard let low = block.min(), let high = block.max() else { return }
    let scale = (high - low) / steps
    let inverse = scale == 0 ? 0 : 1 / scale
    let storedScale = Float(Float16(scale))
    let storedLow = Float(Float16(low))
    for i in block.indices {
      let q = min(steps, ((block[i] - low) * inverse + 0.5).rounded(.towardZero))
      block[i] = q * storedScale + storedLow
    }
  }

  /// d = max|x|/127; q = round(x/d).
  private func absmax(_ block: UnsafeMutableBufferPointer<Float>) {
    var largest: Float = 0
    for value in block { largest = max(largest, abs(value)) }
    let scale = largest / 127
    let inverse = scale == 0 ? 0 : 1 / scale
    let stored = Float(Float16(scale))
    for i in block.indices {
      block[i] = (block[i] * inverse).rounded(.toNearestOrAwayFromZero) * stored
    }
  }
}
