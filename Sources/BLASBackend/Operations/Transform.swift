import EncoderModel
import TensorCore

/// Alterations that no sound encoder makes: the building blocks of faults.
extension BLASExecutor {
  /// `x` `[T, C]` altered.
  func transform(_ transform: TensorTransform, _ x: Tensor) -> Tensor {
    let (frames, width) = (x.rowCount, x.innerExtent)
    switch transform {
    case .identity: return x
    case .scaled(let factor): return mapping(x) { Float(Double($0) * factor) }
    case .offset(let constant): return mapping(x) { Float(Double($0) + constant) }
    case .framesShifted(let count): return gathering(x) { ($0 - count, $1) }
    case .framesSliced(let start, let step, let count):
      return gathering(x, frames: count) { (start + $0 * step, $1) }
    case .framesPadded(let edge):
      return gathering(x, frames: frames + 2) { (edge.source($0 - 1, count: frames), $1) }
    case .framesReversed: return gathering(x) { (frames - 1 - $0, $1) }
    case .framesZeroed(let from): return gathering(x) { ($0 < from ? $0 : -1, $1) }
    case .channelsReversed: return gathering(x) { ($0, width - 1 - $1) }
    case .memoryTransposed:
      return gathering(x) { frame, channel in
        let position = frame * width + channel
        return (position % frames, position / frames)
      }
    case .headsDealt(let heads):
      let headDim = max(width / max(heads, 1), 1)
      return gathering(x) { ($0, $1 % headDim * heads + $1 / headDim) }
    case .channelsZeroed(let from, let count):
      return gathering(x) { ((from..<(from + count)).contains($1) ? -1 : $0, $1) }
    case .clipped(let limit):
      let limit = Float(limit)
      return mapping(x) { $0.isNaN ? $0 : min(max($0, -limit), limit) }
    case .rounded(let format): return rounded(x, format)
    case .coded(let coding): return coding.roundTrip(x)
    case .frameOverflowed(let frame):
      return Tensor.float32(x.shape) { out in
        x.withFloat32 { source in
          for i in out.indices {
            let isKept = i / width != frame || source[i].isNaN
            out[i] = isKept ? source[i] : source[i] < 0 ? -.infinity : .infinity
          }
        }
      }
    }
  }

  /// x with its rows from `first` on taken from `other`.
  func replaceRows(from first: Int, _ x: Tensor, _ other: Tensor, _ node: String) throws -> Tensor {
    guard x.innerExtent == other.innerExtent else {
      throw BLASError.wrongShape(
        node: node, expected: "rows of \(x.innerExtent) channels", found: other.shape)
    }
    let width = x.innerExtent
    return Tensor.float32(x.shape) { out in
      withPointers(x, other) { x, replacement in
        for i in out.indices {
          let isReplaced = i / width >= first && i < other.elementCount
          out[i] = isReplaced ? replacement[i] : x[i]
        }
      }
    }
  }

  /// Element (t, c) of the result is the element of `x` that `source` names; zero outside of it.
  func gathering(
    _ x: Tensor, frames: Int? = nil, _ source: (Int, Int) -> (frame: Int, channel: Int)
  ) -> Tensor {
    let width = x.innerExtent
    let count = frames ?? x.rowCount
    return Tensor.float32([count, width]) { out in
      x.withFloat32 { values in
        for frame in 0..<count {
          for channel in 0..<width {
            let from = source(frame, channel)
            let isInside = from.frame >= 0 && from.frame < x.rowCount
            out[frame * width + channel] =
              isInside ? values[from.frame * width + from.channel] : 0
          }
        }
      }
    }
  }
}
