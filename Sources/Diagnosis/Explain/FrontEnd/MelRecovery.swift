import CLAPACKE
import EncoderModel
import TensorCore

/// The mel that a foreign first convolution was computed from, where the dump does not show it.
///
/// A frame of conv1 has more channels than a frame of the mel has bands, so that the mel follows from
/// a few frames of it by least squares, within 3·10⁻⁷ on trained weights. Windows of some frames are
/// solved together, all with one factorisation, and only the middle of each is kept.
struct MelRecovery {
  let oracle: any OperationEvaluator
  /// A convolution of three taps over the mel, of stride one, one frame of zeros on either side.
  let node: ProgramNode

  /// Frames of the convolution that are solved together.
  private static let window = 8
  /// How far apart windows begin.
  private static let step = 4

  /// - Returns: `nil` for another operation.
  init?(_ program: EncoderProgram, oracle: any OperationEvaluator) {
    guard let node = program.nodes.first(where: { $0.inputs == ["mel"] }),
      case .conv1d(let conv) = node.operation, conv.stride == 1, conv.paddingLeft == 1,
      conv.paddingRight == 1
    else { return nil }
    self.oracle = oracle
    self.node = node
  }

  /// The mel that comes nearest to giving `output`.
  /// - Parameters:
  ///   - output: what the convolution gave, `[frames, channels]`.
  ///   - numMels: bands of the mel.
  /// - Returns: `[frames, numMels]`, Float64; `nil` where the values do not determine it.
  /// - Throws: what the oracle throws.
  func mel(from output: Tensor, numMels: Int) throws -> Tensor? {
    let (frames, channels) = (output.rowCount, output.innerExtent)
    let (window, step) = (Self.window, Self.step)
    guard frames >= window + step, channels * window >= numMels * (window + 2) else { return nil }
    let kernel = try kernel(frames: frames, numMels: numMels)
    guard let correlated = kernel.correlated(with: output) else { return nil }
    var starts = Array(stride(from: 0, through: frames - window, by: step))
    if starts.last != frames - window { starts.append(frames - window) }
    let count = (window + 2) * numMels
    var unknowns = [Double](repeating: 0, count: starts.count * count)
    for (column, start) in starts.enumerated() {
      for frame in 0..<window {
        for tap in 0..<3 {
          let source = ((start + frame) * 3 + tap) * numMels
          let target = column * count + (frame + tap) * numMels
          for band in 0..<numMels { unknowns[target + band] += correlated[source + band] }
        }
      }
    }
    var normal = kernel.normalMatrix(window: window)
    let status = LAPACKE_dposv(
      LAPACK_COL_MAJOR, Int8(UInt8(ascii: "U")), Int32(count), Int32(starts.count), &normal,
      Int32(count), &unknowns, Int32(count))
    guard status == 0 else { return nil }
    return Tensor.float64([frames, numMels]) { mel in
      let margin = (window + 2 - step) / 2
      for (column, start) in starts.enumerated() {
        let isFirst = column == 0
        let isLast = column == starts.count - 1
        // Row `row` of a window is frame start + row − 1 of the mel.
        for row in (isFirst ? 1 : margin)..<(isLast ? window + 1 : margin + step) {
          for band in 0..<numMels {
            mel[(start + row - 1) * numMels + band] =
              unknowns[column * count + row * numMels + band]
          }
        }
      }
    }
  }

  /// The convolution's matrices, by impulses: far enough apart, many bands fit one evaluation.
  private func kernel(frames: Int, numMels: Int) throws -> ConvolutionKernel {
    func response(_ body: (UnsafeMutableBufferPointer<Double>) -> Void) throws -> Tensor {
      let mel = Tensor.float64([frames, numMels]) { mel in
        mel.update(repeating: 0)
        body(mel)
      }
      return try oracle.evaluate(node, inputs: [mel])
    }
    let zero = try response { _ in }
    let channels = zero.innerExtent
    var kernel = ConvolutionKernel(
      numMels: numMels, bias: zero.withFloat64 { Array($0[0..<channels]) })
    let capacity = frames / 3
    for first in stride(from: 0, to: numMels, by: capacity) {
      let bands = first..<min(first + capacity, numMels)
      let given = try response { mel in
        for band in bands { mel[(3 * (band - first) + 1) * numMels + band] = 1 }
      }
      given.withFloat64 { given in
        for band in bands {
          for tap in 0..<3 {
            // The impulse at frame f is the last tap of output f − 1.
            let frame = 3 * (band - first) + 2 - tap
            kernel.set(
              tap: tap, band: band, given[(frame * channels)..<((frame + 1) * channels)])
          }
        }
      }
    }
    return kernel
  }
}

/// y[t] = bias + Σₖ W[k]·x[t + k − 1], k = 0, 1, 2.
private struct ConvolutionKernel {
  let numMels: Int
  let bias: [Double]
  /// `[tap, channel, band]`.
  private var weights: [Double]

  init(numMels: Int, bias: [Double]) {
    self.numMels = numMels
    self.bias = bias
    weights = [Double](repeating: 0, count: 3 * bias.count * numMels)
  }

  private var channels: Int { bias.count }

  /// Takes what an impulse in `band` gives.
  mutating func set(tap: Int, band: Int, _ response: Slice<UnsafeBufferPointer<Double>>) {
    for (channel, value) in response.enumerated() {
      weights[(tap * channels + channel) * numMels + band] = value - bias[channel]
    }
  }

  /// W[k]ᵀ·(y[t] − bias), `[frames, tap, band]`; `nil` where a value is not finite.
  func correlated(with output: Tensor) -> [Double]? {
    let frames = output.rowCount
    var result = [Double](repeating: 0, count: frames * 3 * numMels)
    let isFinite = output.withFloat64 { y in
      weights.withUnsafeBufferPointer { w in
        result.withUnsafeMutableBufferPointer { out in
          for frame in 0..<frames {
            for channel in 0..<channels {
              let value = y[frame &* channels &+ channel] - bias[channel]
              guard value.isFinite else { return false }
              for tap in 0..<3 {
                let source = (tap &* channels &+ channel) &* numMels
                let target = (frame &* 3 &+ tap) &* numMels
                for band in 0..<numMels {
                  out[target &+ band] += value * w[source &+ band]
                }
              }
            }
          }
          return true
        }
      }
    }
    return isFinite ? result : nil
  }

  /// AᵀA of `window` outputs over the window + 2 frames that they read, column-major.
  func normalMatrix(window: Int) -> [Double] {
    let products = (0..<3).map { a in (0..<3).map { b in product(a, b) } }
    let count = (window + 2) * numMels
    var matrix = [Double](repeating: 0, count: count * count)
    for frame in 0..<window {
      for (a, row) in products.enumerated() {
        for (b, block) in row.enumerated() {
          for i in 0..<numMels {
            let target = ((frame + a) * numMels + i) * count + (frame + b) * numMels
            for j in 0..<numMels { matrix[target + j] += block[i * numMels + j] }
          }
        }
      }
    }
    return matrix
  }

  /// W[a]ᵀ·W[b].
  private func product(_ a: Int, _ b: Int) -> [Double] {
    var result = [Double](repeating: 0, count: numMels * numMels)
    for channel in 0..<channels {
      let left = (a * channels + channel) * numMels
      let right = (b * channels + channel) * numMels
      for i in 0..<numMels {
        let value = weights[left + i]
        for j in 0..<numMels { result[i * numMels + j] += value * weights[right + j] }
      }
    }
    return result
  }
}
