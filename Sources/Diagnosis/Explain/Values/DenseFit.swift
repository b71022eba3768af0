import EncoderModel
import TensorCore

/// Whether an output is a dense layer of an input at all, whatever the weights.
struct DenseFit {
  /// ‖output − prediction‖/‖output‖ over the frames held out.
  let residual: Double
  /// `[in, out]`: what was added to the weights behind `sound`, none in directions without data.
  let change: Tensor

  /// Keeps directions out that no frame has, relative to the mean.
  private static let ridge = 1e-12

  /// How weights and bias differ from those that gave `sound`, by least squares on seven of eight
  /// frames, tested on the eighth; `nil` where there are too few.
  init?(input: Tensor, output: Tensor, sound: Tensor, _ algebra: DenseAlgebra) {
    let n = input.innerExtent + 1
    let outputs = output.innerExtent
    let rows = input.rowCount
    let train = (0..<rows).filter { $0 % 8 != 7 }
    let test = (0..<rows).filter { $0 % 8 == 7 }
    guard output.rowCount == rows, train.count > n + n / 8, test.count > 4 else { return nil }
    let difference = output.combined(with: sound, -)
    let columns = Self.withOnes(input, train).transposedToFloat64()
    guard
      var gram = try? algebra.product(columns, transposed: columns).float64Array,
      // Rows of this are columns to LAPACK.
      var solution = try? algebra.product(
        difference.rows(train).transposedToFloat64(), transposed: columns
      ).float64Array
    else { return nil }
    guard
      NormalEquations.solve(&gram, &solution, n: n, columns: outputs, ridge: Self.ridge)
    else { return nil }
    let weights = Tensor.float64([outputs, n]) { _ = $0.update(fromContentsOf: solution) }
    guard let predicted = try? algebra.product(Self.withOnes(input, test), transposed: weights)
    else { return nil }
    let left = Self.norm(difference.rows(test).combined(with: predicted, -))
    let size = Self.norm(output.rows(test))
    guard size > 0, left.isFinite else { return nil }
    residual = left / size
    change = Tensor.float64([n - 1, outputs]) { target in
      for i in 0..<target.count { target[i] = solution[i % outputs * n + i / outputs] }
    }
  }

  private static func norm(_ tensor: Tensor) -> Double {
    tensor.withFloat64 { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
  }

  /// Some rows, each with a one behind it, which the bias multiplies.
  private static func withOnes(_ input: Tensor, _ picked: [Int]) -> Tensor {
    let width = input.innerExtent
    return Tensor.float64([picked.count, width + 1]) { target in
      input.withFloat64 { source in
        for i in 0..<target.count {
          let (row, column) = (i / (width + 1), i % (width + 1))
          target[i] = column < width ? source[picked[row] * width + column] : 1
        }
      }
    }
  }

  /// A convolution's input with the frames under its kernel side by side: dense layers of this are
  /// convolutions of the input.
  static func unfolded(_ input: Tensor, _ convolution: Conv1D) -> Tensor {
    let (frames, width) = (input.rowCount, input.innerExtent)
    let count = convolution.outputFrames(frames)
    return Tensor.float64([count, 3 * width]) { target in
      input.withFloat64 { source in
        for i in 0..<target.count {
          let (frame, rest) = (i / (3 * width), i % (3 * width))
          let from = frame * convolution.stride + rest / width - convolution.paddingLeft
          target[i] = from >= 0 && from < frames ? source[from * width + rest % width] : 0
        }
      }
    }
  }
}

extension Tensor {
  /// Some rows, in Float64.
  func rows(_ picked: [Int]) -> Tensor {
    let width = innerExtent
    return Tensor.float64([picked.count, width]) { target in
      withFloat64 { source in
        for i in 0..<target.count { target[i] = source[picked[i / width] * width + i % width] }
      }
    }
  }
}
