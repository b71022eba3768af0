import TensorCore

/// Frames that are wrong by themselves while all others are right.
extension ValueClue {
  /// Some frames are no numbers, or zero, and all others are right: what became of an overflow, or of a loop that
  /// ended early.
  static func wrongFrames(_ own: Tensor, _ y: Tensor, _ tap: String, _ level: Double) -> ValueClue?
  {
    let width = max(own.innerExtent, 1)
    let (x, y) = (own.float64Array, y.float64Array)
    guard x.count == y.count else { return nil }
    let rows = x.count / width
    func rowHolds(_ row: Int, _ isMeant: (Int) -> Bool) -> Bool {
      (row * width..<(row + 1) * width).contains(where: isMeant)
    }
    let overflowed = (0..<rows).filter { row in
      rowHolds(row) { !x[$0].isFinite && y[$0].isFinite }
    }
    let zeroed = (0..<rows).filter { row in
      !rowHolds(row) { x[$0] != 0 } && rowHolds(row) { y[$0] != 0 }
    }
    let frames = overflowed.isEmpty ? zeroed : overflowed
    guard let first = frames.first, frames.count * 2 < rows else { return nil }
    var (left, norm) = (0.0, 0.0)
    let wrong = Set(frames)
    for i in x.indices where !wrong.contains(i / width) {
      left += (x[i] - y[i]) * (x[i] - y[i])
      norm += y[i] * y[i]
    }
    guard norm > 0 else { return nil }
    let isZeroed = overflowed.isEmpty
    let state = isZeroed ? "zero" : "not finite"
    let reaches = frames.count > 1 && frames.count == rows - first
    let subject =
      frames.count == 1
      ? "frame \(first) is"
      : reaches
        ? "the frames from \(first) on are"
        : "\(frames.count) frames, the first of them \(first), are"
    return ValueClue(
      tap: tap, slug: isZeroed ? "frames-zeroed" : "frame-overflowed", ids: [isZeroed ? 49 : 52],
      text: "\(subject) \(state) and every other frame is right",
      remedy: isZeroed
        ? "compute every frame" : "keep this tensor in f32 or bf16, or scale before the cast",
      residual: (left / norm).squareRoot(), level: max(level, 1e-6))
  }
}
