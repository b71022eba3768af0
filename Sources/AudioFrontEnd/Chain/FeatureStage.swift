/// Logarithm → features: maximum, range, scale, normalisation.
import TensorCore

/// A mutable `[frames, bands]` matrix on its way to becoming the mel.
struct FeatureMatrix {
  var frames: Int
  var bands: Int
  var values: [Double]

  /// The largest element; −∞ for none. NaN is passed over.
  var maximum: Double { values.reduce(-.infinity) { $1 > $0 ? $1 : $0 } }

  /// Cut or filled up to the given extents.
  func fitted(frames newFrames: Int, bands newBands: Int, fill: Double) -> FeatureMatrix {
    guard newFrames != frames || newBands != bands else { return self }
    var fitted = [Double](repeating: fill, count: newFrames * newBands)
    for frame in 0..<min(frames, newFrames) {
      for band in 0..<min(bands, newBands) {
        fitted[frame * newBands + band] = values[frame * bands + band]
      }
    }
    return FeatureMatrix(frames: newFrames, bands: newBands, values: fitted)
  }
}

extension LogOptions {
  /// Applies everything after the logarithm; `fileMaximum` is that of all windows, for that scope.
  func finish(_ matrix: inout FeatureMatrix, fileMaximum: Double) {
    switch maximumScope {
    case .window: limit(&matrix, maximum: matrix.maximum)
    case .file: limit(&matrix, maximum: fileMaximum)
    case .fixed(let value): limit(&matrix, maximum: value)
    case .frame: limitChunks(&matrix, of: 1)
    case .frames(let count): limitChunks(&matrix, of: max(count, 1))
    case .band: limitBands(&matrix)
    }
    if offset != 0 || divisor != 1 {
      for index in matrix.values.indices {
        matrix.values[index] = (matrix.values[index] + offset) / divisor
      }
    }
    normalize(&matrix)
  }

  /// Raises an element to the range below the maximum, and makes it relative to that if asked.
  @inline(__always)
  private func limited(_ value: Double, _ maximum: Double) -> Double {
    let reference = subtractsMaximum ? maximum : 0
    let lowest = dynamicRange.map { maximum - reference - $0 } ?? -.infinity
    let shifted = value - reference
    return shifted < lowest ? lowest : shifted
  }

  private func limit(_ matrix: inout FeatureMatrix, maximum: Double) {
    matrix.values.withUnsafeMutableBufferPointer { values in
      for index in values.indices { values[index] = limited(values[index], maximum) }
    }
  }

  private func limitChunks(_ matrix: inout FeatureMatrix, of count: Int) {
    for frame in stride(from: 0, to: matrix.frames, by: count) {
      let end = min(frame + count, matrix.frames)
      let rows = (frame * matrix.bands)..<(end * matrix.bands)
      let maximum = matrix.values[rows].reduce(-.infinity) { $1 > $0 ? $1 : $0 }
      for index in rows { matrix.values[index] = limited(matrix.values[index], maximum) }
    }
  }

  private func limitBands(_ matrix: inout FeatureMatrix) {
    for band in 0..<matrix.bands {
      let column = stride(from: band, to: matrix.values.count, by: matrix.bands)
      let maximum = column.reduce(-.infinity) { max($0, matrix.values[$1]) }
      for index in column { matrix.values[index] = limited(matrix.values[index], maximum) }
    }
  }

  private func normalize(_ matrix: inout FeatureMatrix) {
    switch normalization {
    case .none: return
    case .window: standardize(&matrix, stride(from: 0, to: matrix.values.count, by: 1))
    case .band:
      for band in 0..<matrix.bands {
        standardize(&matrix, stride(from: band, to: matrix.values.count, by: matrix.bands))
      }
    case .minMax:
      let low = matrix.values.min() ?? 0
      let high = matrix.values.max() ?? 0
      guard high > low else { return }
      for index in matrix.values.indices {
        matrix.values[index] = (matrix.values[index] - low) / (high - low)
      }
    }
  }

  /// Mean 0, deviation 1 (biased), with NeMo's guard of 1e-5 on the deviation.
  private func standardize(_ matrix: inout FeatureMatrix, _ indices: StrideTo<Int>) {
    var count = 0.0
    var sum = 0.0
    for index in indices {
      sum += matrix.values[index]
      count += 1
    }
    guard count > 0 else { return }
    let mean = sum / count
    var squares = 0.0
    for index in indices {
      let deviation = matrix.values[index] - mean
      squares += deviation * deviation
    }
    let deviation = (squares / count).squareRoot() + 1e-5
    for index in indices { matrix.values[index] = (matrix.values[index] - mean) / deviation }
  }
}

extension LayoutOptions {
  /// Rearranges and rounds the finished features.
  func arranged(_ matrix: FeatureMatrix) -> FeatureMatrix {
    var result = matrix
    for frame in 0..<matrix.frames {
      for band in 0..<matrix.bands {
        result.values[frame * matrix.bands + band] = rounded(element(matrix, frame, band))
      }
    }
    return result
  }

  private func element(_ matrix: FeatureMatrix, _ frame: Int, _ band: Int) -> Double {
    switch arrangement {
    case .framesByMels: return matrix.values[frame * matrix.bands + band]
    case .misreadTransposed:
      let flat = frame * matrix.bands + band
      return matrix.values[(flat % matrix.frames) * matrix.bands + flat / matrix.frames]
    case .misreadBandsFirst: return matrix.values[band * matrix.frames + frame]
    case .batchAsFrames: return frame == 0 ? matrix.values[band] : fill
    case .firstFrameRepeated: return matrix.values[band]
    case .bandsReversed: return matrix.values[(frame + 1) * matrix.bands - 1 - band]
    case .timeReversed: return matrix.values[(matrix.frames - 1 - frame) * matrix.bands + band]
    }
  }

  private func rounded(_ value: Double) -> Double {
    switch rounding {
    case .none: value
    case .float16: Double(Float16(value))
    case .bfloat16: Double(Float(bitPattern: UInt32(bfloat16Bits(Float(value))) << 16))
    case .tf32: roundedToTF32(Float(value))
    }
  }
}

/// Rounds to 10 bits of fraction, to nearest even; NaN and ∞ stay.
private func roundedToTF32(_ value: Float) -> Double {
  guard value.isFinite else { return Double(value) }
  let bits = value.bitPattern
  return Double(Float(bitPattern: (bits &+ 0xFFF &+ ((bits >> 13) & 1)) & ~0x1FFF))
}
