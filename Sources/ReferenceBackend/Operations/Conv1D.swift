/// Convolution over time, as a product: overlapping rows of the padded input times the kernel.
import EncoderModel
import TensorCore

extension Calculator {
  /// y[t, o] = b[o] + Σₖ Σᵢ x[t·stride + k − paddingLeft, i]·W[o, i, k]; x is zero outside.
  /// `x`: `[T, in]`; NaN propagates.
  /// Returns `[T′, out]`.
  /// - Note: Source openai/whisper model.py `Conv1d`.
  func conv1d(_ convolution: Conv1D, _ x: Tensor, _ node: String) throws -> Tensor {
    let weight = try weights.resolve(convolution.weight)
    let channels = x.innerExtent
    guard weight.shape.count == 3, weight.shape[1] == channels else {
      throw ReferenceError.wrongShape(
        node: node, expected: "a kernel [out, \(channels), taps]", found: weight.shape)
    }
    let columns = weight.shape[0]
    let taps = weight.shape[2]
    let bias = try convolution.bias.map { try self.vector($0, columns, node) }
    let operand = rounded(x, convolution.precision.operands, pieces: 1)
    let padded = padded(operand, before: convolution.paddingLeft, after: convolution.paddingRight)
    let frames = (padded.rowCount - taps) / convolution.stride + 1
    guard padded.rowCount >= taps else {
      throw ReferenceError.wrongShape(
        node: node, expected: "at least \(taps) padded frames", found: padded.shape)
    }
    let packed = pack(timeMajor(weight), columns: columns, depth: taps * channels)
    let result = Tensor.float64([frames, columns]) { out in
      padded.withFloat64 { source in
        // Row t is the frames under the kernel, which lie side by side.
        let rows = MatrixView(
          base: source.start, rows: frames, rowStride: convolution.stride * channels)
        multiplier.multiply(rows, packed, into: out.start, cStride: columns)
      }
      addBias(bias, to: out, columns: columns)
    }
    return rounded(result, convolution.precision.result, pieces: 1)
  }

  /// `x` between frames of zeros.
  private func padded(_ x: Tensor, before: Int, after: Int) -> Tensor {
    Tensor.float64([before + x.rowCount + after, x.innerExtent]) { out in
      out.update(repeating: 0)
      x.withFloat64 { source in
        (out.start + before * x.innerExtent).update(from: source.start, count: source.count)
      }
    }
  }

  /// The kernel `[out, in, taps]` as `[out, taps, in]`: the order in which frames lie in memory.
  private func timeMajor(_ weight: Tensor) -> Tensor {
    let channels = weight.shape[1]
    let taps = weight.shape[2]
    return Tensor.float32([weight.shape[0], taps, channels]) { out in
      weight.withFloat32 { source in
        for kernel in stride(from: 0, to: source.count, by: taps * channels) {
          for tap in 0..<taps {
            for channel in 0..<channels {
              out[kernel + tap * channels + channel] = source[kernel + channel * taps + tap]
            }
          }
        }
      }
    }
  }
}
