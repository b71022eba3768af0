/// Shape-keeping alterations of an activation `[T, C]`.
package enum TensorTransform: Sendable, Hashable {
  case identity
  case scaled(Double)
  /// x + constant.
  case offset(Double)
  /// Frame t takes frame t − count; frames that come from outside are zero.
  case framesShifted(Int)
  /// Frames start, start + step, … : `count` of them, zero where the input ends.
  case framesSliced(start: Int, step: Int, count: Int)
  /// The memory of `[T, C]` written as `[C, T]` and read as `[T, C]`.
  case memoryTransposed
  /// One frame more before and after, made from those that are there.
  case framesPadded(FrameEdge)
  /// Frames from last to first.
  case framesReversed
  /// Channels from last to first.
  case channelsReversed
  /// Channel h·headDim + d takes channel d·heads + h: heads that lie interleaved laid side by side.
  case headsDealt(Int)
  /// Channels from `from` on, `count` of them, set to zero.
  case channelsZeroed(from: Int, count: Int)
  /// Values cut off at ±limit.
  case clipped(Double)
  /// Rounded row by row.
  case rounded(NumberFormat)
  /// Coded in fewer bits and decoded, with scales for the tensor or its frames.
  case coded(OperandCoding)
  /// Frames from `start` on set to zero.
  case framesZeroed(from: Int)
  /// Values of one frame pushed beyond f16's range: ±∞ there.
  case frameOverflowed(Int)
}

/// What stands beyond the first and the last frame.
package enum FrameEdge: String, Sendable, Hashable, CaseIterable {
  /// The end frame again.
  case replicate
  /// Mirrored without the end frame.
  case reflect
  /// The other end.
  case wrap

  /// The frame of `count` that stands at position `index`, which may be −1 or `count`.
  package func source(_ index: Int, count: Int) -> Int {
    if index >= 0 && index < count { return index }
    return switch self {
    case .replicate: index < 0 ? 0 : count - 1
    case .reflect: index < 0 ? min(1, count - 1) : max(count - 2, 0)
    case .wrap: index < 0 ? count - 1 : 0
    }
  }
}
