import EncoderModel
import TensorCore

extension BLASExecutor {
  /// A convolution as one product a kernel tap, over frames where they lie: nothing is copied.
  /// - Note: Source openai/whisper model.py `Conv1d`.
  func conv1d(_ conv: Conv1D, _ x: Tensor, _ node: String) throws -> Tensor {
    let weight = try weights.resolve(conv.weight)
    let channels = x.innerExtent
    guard weight.shape.count == 3, weight.shape[1] == channels else {
      throw BLASError.wrongShape(
        node: node, expected: "a kernel [out, \(channels), taps]", found: weight.shape)
    }
    let (columns, taps) = (weight.shape[0], weight.shape[2])
    let padded = x.rowCount + conv.paddingLeft + conv.paddingRight
    guard padded >= taps else {
      throw BLASError.wrongShape(
        node: node, expected: "at least \(taps) padded frames", found: x.shape)
    }
    let frames = (padded - taps) / conv.stride + 1
    let bias = try conv.bias.map { try vector($0, columns, node) }
    let operand = rounded(x, conv.precision.operands)
    let kernel = try tapMajor(conv.weight)
    let library = try openBLAS()
    let result = Tensor.float32([frames, columns]) { out in
      withPointers(operand, kernel) { source, kernel in
        guard let result = out.baseAddress else { return }
        nonisolated(unsafe) let (source, kernel, target) = (source, kernel, result)
        forEachPart(frames, grain: Self.rowGrain) { part in
          fill(target, rows: part, columns: columns, with: bias)
          for tap in 0..<taps {
            // Output frames whose input frame under this tap exists.
            let shift = tap - conv.paddingLeft
            let first = shift < 0 ? (-shift + conv.stride - 1) / conv.stride : 0
            let reach = x.rowCount - 1 - shift
            let end = reach < 0 ? 0 : min(reach / conv.stride + 1, frames)
            let rows = part.clamped(to: min(first, end)..<end)
            guard !rows.isEmpty else { continue }
            library.multiply(
              m: rows.count, n: columns, k: channels,
              Matrix(
                source + (rows.lowerBound * conv.stride + shift) * channels,
                rowStride: conv.stride * channels),
              Matrix(kernel + tap * columns * channels, rowStride: channels), transposesB: true,
              accumulates: true, into: target + rows.lowerBound * columns, rowStride: columns)
          }
        }
      }
    }
    return rounded(result, conv.precision.result)
  }

  /// `[out, in, taps]` as `[taps, out, in]`.
  func tapMajor(_ weight: Tensor) -> Tensor {
    let (columns, channels, taps) = (weight.shape[0], weight.shape[1], weight.shape[2])
    return Tensor.float32([taps, columns, channels]) { out in
      weight.withFloat32 { source in
        for row in 0..<(columns * channels) {
          for tap in 0..<taps { out[tap * columns * channels + row] = source[row * taps + tap] }
        }
      }
    }
  }
}
