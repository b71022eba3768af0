/// How heads are laid side by side.
import EncoderModel
import TensorCore

extension Calculator {
  /// `x` `[T, C]`, its heads in order, laid out as `order` says.
  func reordered(_ x: Tensor, _ order: AttentionContext.HeadOrder, heads: Int) -> Tensor {
    if order == .headMajor { return x }
    let (frames, width) = (x.rowCount, x.innerExtent)
    let headDim = width / heads
    return Tensor.float64(x.shape) { out in
      x.withFloat64 { source in
        for position in out.indices {
          var (frame, channel) = (position / width, position % width)
          switch order {
          case .headMajor: break
          case .channelMajor: channel = channel % heads * headDim + channel / heads
          case .reversed: channel = (heads - 1 - channel / headDim) * headDim + channel % headDim
          case .unpermuted:
            // Position of [heads, T, headDim].
            frame = position / headDim % frames
            channel = position / (frames * headDim) * headDim + position % headDim
          }
          out[position] = source[frame * width + channel]
        }
      }
    }
  }
}
