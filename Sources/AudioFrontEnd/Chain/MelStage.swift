/// Spectrum → bands → floored logarithm.
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MelFilterbank {
  /// Weighs and sums the bins of each frame, in the order of the bins.
  /// - Parameter spectrum: `[frames, numBins]` in Float64.
  /// - Returns: `[frames, numMels]` in Float64.
  func apply(_ spectrum: Tensor) -> Tensor {
    let frames = spectrum.shape[0]
    return Tensor.float64([frames, numMels]) { target in
      spectrum.withFloat64 { source in
        weights.withUnsafeBufferPointer { weights in
          support.withUnsafeBufferPointer { support in
            forEachBlock(of: frames) { frame in
              for mel in 0..<numMels {
                var sum = 0.0
                for bin in support[mel] {
                  sum += weights[mel &* numBins &+ bin] * source[frame &* numBins &+ bin]
                }
                target[frame &* numMels &+ mel] = sum
              }
            }
          }
        }
      }
    }
  }
}

extension LogOptions {
  /// The floored logarithm of each element; NaN stays NaN.
  func logarithm(_ bands: Tensor) -> Tensor {
    let width = bands.innerExtent
    return Tensor.float64(bands.shape) { target in
      bands.withFloat64 { source in
        forEachBlock(of: bands.rowCount) { row in
          for index in (row &* width)..<((row &+ 1) &* width) {
            target[index] = logarithm(source[index])
          }
        }
      }
    }
  }

  @inline(__always)
  private func logarithm(_ value: Double) -> Double {
    let guarded =
      switch floorKind {
      case .clamp: value < floor ? floor : value
      case .add: value + floor
      case .none: value
      }
    return switch base {
    case .ten: log10(guarded)
    case .natural: log(guarded)
    case .two: log2(guarded)
    case .decibel: 10 * log10(guarded)
    case .none: guarded
    }
  }
}

/// Calls `body` for every row, in tasks of 128 rows on all cores.
@inline(__always)
private func forEachBlock(of rows: Int, _ body: (Int) -> Void) {
  let rowsPerTask = 128
  concurrently((rows + rowsPerTask - 1) / rowsPerTask) { task in
    for row in (task * rowsPerTask)..<min((task + 1) * rowsPerTask, rows) { body(row) }
  }
}
