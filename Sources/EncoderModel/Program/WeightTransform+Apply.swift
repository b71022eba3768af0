package import TensorCore

extension WeightTransform {
  /// The altered weight: Float32, of the same shape. One implementation for every executor, since
  /// a transform is about which numbers arrive, not about how they are computed with.
  package func apply(to tensor: Tensor) -> Tensor {
    switch self {
    case .rounded(let format): tensor.mappingChannels { format.round(row: $0) }
    case .quantized(let scheme): tensor.mappingChannels { scheme.roundTrip(row: $0) }
    case .uniformlyQuantized(let scheme): scheme.roundTrip(tensor)
    case .eightBitFloat(let format): format.roundTrip(tensor)
    case .scaled(let factor):
      tensor.mappingRows { row in for i in row.indices { row[i] *= Float(factor) } }
    case .offset(let constant):
      tensor.mappingRows { row in for i in row.indices { row[i] += Float(constant) } }
    case .zeroed: tensor.mappingRows { row in row.update(repeating: 0) }
    case .randomized(let seed): seededNoise(like: tensor, seed: seed)
    case .memoryPermuted(let axes): permutedMemory(of: tensor, axes: axes)
    case .centreTapOnly:
      tensor.mappingKernels {
        $0[0] = 0; $0[2] = 0
      }
    case .tapsCollapsed:
      tensor.mappingKernels {
        $0[1] = $0[0] + $0[1] + $0[2]; $0[0] = 0; $0[2] = 0
      }
    case .tapsReversed: tensor.mappingKernels { $0.swapAt(0, 2) }
    case .halvesInterleaved: interleavedHalves(of: tensor)
    case .sinusoids(let variant):
      sinusoidTable(frames: tensor.rowCount, channels: tensor.innerExtent, variant: variant)
    case .sinusoidsFrom(let frame):
      sinusoidTable(frames: tensor.rowCount, channels: tensor.innerExtent, firstFrame: frame)
    case .sinusoidsWithBase(let base):
      sinusoidTable(frames: tensor.rowCount, channels: tensor.innerExtent, base: base)
    case .sinusoidsComputed(let format):
      sinusoidTable(frames: tensor.rowCount, channels: tensor.innerExtent, in: format)
    case .rowsTruncated(let count): rows(of: tensor) { $0 < count ? $0 : nil }
    case .rowsClamped(let count): rows(of: tensor) { min($0, max(count - 1, 0)) }
    case .rowsWrapped(let count): rows(of: tensor) { $0 % max(count, 1) }
    case .repeatedAsRows(let count):
      rows(of: tensor, count: count) { _ in 0 }
    case .readAsFloat16: bytesAsFloat16(of: tensor)
    }
  }
}

extension Tensor {
  /// A Float32 copy with `change` applied to each row of the last axis.
  fileprivate func mappingRows(_ change: (UnsafeMutableBufferPointer<Float>) -> Void) -> Tensor {
    let width = max(innerExtent, 1)
    return Tensor.float32(shape) { target in
      withFloat32 { _ = target.update(fromContentsOf: $0) }
      for start in stride(from: 0, to: target.count, by: width) {
        change(UnsafeMutableBufferPointer(rebasing: target[start..<(start + width)]))
      }
    }
  }

  /// The same for each output channel of a weight `[out, …]`; a vector is one row.
  fileprivate func mappingChannels(_ change: (UnsafeMutableBufferPointer<Float>) -> Void) -> Tensor
  {
    let flat = shape.count > 2 ? reshaped([shape[0], elementCount / max(shape[0], 1)]) : self
    return flat.mappingRows(change).reshaped(shape)
  }

  /// `mappingRows` for a convolution `[out, in, 3]`; other tensors stay as they are.
  fileprivate func mappingKernels(
    _ change: (UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Tensor {
    shape.count == 3 && innerExtent == 3 ? mappingRows(change) : self
  }
}

/// Noise of the tensor's mean and standard deviation; a sum of four uniforms stands for a Gaussian.
private func seededNoise(like tensor: Tensor, seed: UInt64) -> Tensor {
  let values = tensor.float64Array
  guard !values.isEmpty else { return tensor }
  let mean = values.reduce(0, +) / Double(values.count)
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
  let deviation = variance.squareRoot()
  return Tensor.float32(tensor.shape) { target in
    for i in target.indices {
      var sum = -2.0
      for draw in 0..<4 {
        sum += CounterHash.uniform(seed: seed, stream: UInt64(draw), counter: UInt64(i))
      }
      target[i] = Float(mean + deviation * sum * 3.0.squareRoot())
    }
  }
}

/// The tensor's values laid out in the order of `axes`, read back as if they lay in the old order.
private func permutedMemory(of tensor: Tensor, axes: [Int]) -> Tensor {
  let shape = tensor.shape
  guard axes.count == shape.count, axes.sorted() == Array(shape.indices) else { return tensor }
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1] * shape[axis + 1]
  }
  let extents = axes.map { shape[$0] }
  let steps = axes.map { strides[$0] }
  return Tensor.float32(shape) { target in
    tensor.withFloat32 { source in
      var index = [Int](repeating: 0, count: shape.count)
      var offset = 0
      for position in target.indices {
        target[position] = source[offset]
        var axis = shape.count - 1
        while axis >= 0 {
          index[axis] += 1
          offset += steps[axis]
          if index[axis] < extents[axis] { break }
          offset -= extents[axis] * steps[axis]
          index[axis] = 0
          axis -= 1
        }
      }
    }
  }
}

private func interleavedHalves(of tensor: Tensor) -> Tensor {
  let width = tensor.innerExtent
  let half = width / 2
  return Tensor.float32(tensor.shape) { target in
    tensor.withFloat32 { source in
      for i in target.indices {
        let channel = i % width
        let from = channel < 2 * half ? (channel % 2) * half + channel / 2 : channel
        target[i] = source[i - channel + from]
      }
    }
  }
}

/// Row t of the result is row `source(t)` of the tensor, or zero where there is none.
private func rows(of tensor: Tensor, count: Int? = nil, source: (Int) -> Int?) -> Tensor {
  let width = tensor.innerExtent
  return Tensor.float32(count.map { [$0, width] } ?? tensor.shape) { target in
    tensor.withFloat32 { values in
      for i in target.indices {
        target[i] = source(i / width).map { values[$0 * width + i % width] } ?? 0
      }
    }
  }
}

private func bytesAsFloat16(of tensor: Tensor) -> Tensor {
  Tensor.float32(tensor.shape) { target in
    tensor.withFloat32 { source in
      for i in target.indices {
        let bits = source[i / 2].bitPattern
        let half = UInt16(truncatingIfNeeded: i % 2 == 0 ? bits : bits >> 16)
        target[i] = Float(Float16(bitPattern: half))
      }
    }
  }
}
