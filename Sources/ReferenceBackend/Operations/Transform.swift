/// Alterations that no sound encoder makes: the building blocks of faults.
import EncoderModel
import TensorCore

extension Calculator {
  /// `x` `[T, C]` altered.
  func transform(_ transform: TensorTransform, _ x: Tensor) -> Tensor {
    let frames = x.rowCount
    let width = x.innerExtent
    switch transform {
    case .identity: return mapping(x) { $0 }
    case .scaled(let factor): return mapping(x) { $0 * factor }
    case .offset(let constant): return mapping(x) { $0 + constant }
    case .framesShifted(let count): return takingFrames(x, frames) { $0 - count }
    case .framesSliced(let start, let step, let count):
      return takingFrames(x, count) { start + $0 * step }
    case .framesPadded(let edge):
      return takingFrames(x, frames + 2) { edge.source($0 - 1, count: frames) }
    case .framesReversed: return takingFrames(x, frames) { frames - 1 - $0 }
    case .framesZeroed(let from): return takingFrames(x, frames) { $0 < from ? $0 : -1 }
    case .memoryTransposed:
      // Position p of [C, T] holds channel p / T of frame p mod T.
      return takingElements(x) { $0 % frames * width + $0 / frames }
    case .channelsReversed: return takingElements(x) { $0 - $0 % width + width - 1 - $0 % width }
    case .headsDealt(let heads):
      let headDim = max(width / max(heads, 1), 1)
      return takingElements(x) { position in
        let channel = position % width
        return position - channel + channel % headDim * heads + channel / headDim
      }
    case .channelsZeroed(let from, let count):
      return Tensor.float64(x.shape) { out in
        x.withFloat64 { values in
          for i in out.indices {
            let isZeroed = (from..<(from + count)).contains(i % width)
            out[i] = isZeroed ? 0 : values[i]
          }
        }
      }
    case .clipped(let limit): return mapping(x) { $0.isNaN ? $0 : min(max($0, -limit), limit) }
    case .rounded(let format): return rounded(x, format, pieces: 1)
    case .coded(let coding): return coding.roundTrip(x).converted(to: .float64)
    case .frameOverflowed(let frame):
      return Tensor.float64(x.shape) { out in
        x.withFloat64 { source in
          for i in out.indices {
            let value = source[i]
            let isKept = i / width != frame || value.isNaN
            out[i] = isKept ? value : value < 0 ? -.infinity : .infinity
          }
        }
      }
    }
  }

  /// Frame t of the result is frame `source(t)` of `x`; zeros where there is none.
  private func takingFrames(_ x: Tensor, _ count: Int, _ source: (Int) -> Int) -> Tensor {
    let width = x.innerExtent
    return Tensor.float64([count, width]) { out in
      x.withFloat64 { values in
        for frame in 0..<count {
          let from = source(frame)
          let target = out.start + frame * width
          if from >= 0 && from < x.rowCount {
            target.update(from: values.start + from * width, count: width)
          } else {
            target.update(repeating: 0, count: width)
          }
        }
      }
    }
  }

  /// Element p of the result is element `source(p)` of `x`.
  private func takingElements(_ x: Tensor, _ source: (Int) -> Int) -> Tensor {
    Tensor.float64(x.shape) { out in
      x.withFloat64 { values in
        for position in out.indices { out[position] = values[source(position)] }
      }
    }
  }
}
