extension Tensor {
  /// A Float32 tensor whose elements `initialize` fills, all of them.
  package static func float32(
    _ shape: [Int], initializingWith initialize: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows -> Tensor {
    let count = shape.reduce(1, *)
    let storage = try TensorStorage(byteCount: count * 4) { bytes in
      try initialize(bytes.bindMemory(to: Float.self))
    }
    return Tensor(shape: shape, scalarType: .float32, storage: storage)
  }

  /// A Float64 tensor whose elements `initialize` fills, all of them.
  package static func float64(
    _ shape: [Int], initializingWith initialize: (UnsafeMutableBufferPointer<Double>) throws -> Void
  ) rethrows -> Tensor {
    let count = shape.reduce(1, *)
    let storage = try TensorStorage(byteCount: count * 8) { bytes in
      try initialize(bytes.bindMemory(to: Double.self))
    }
    return Tensor(shape: shape, scalarType: .float64, storage: storage)
  }

  /// A Float32 tensor holding `elements` in row-major order.
  package init(_ elements: [Float], shape: [Int]) {
    precondition(elements.count == shape.reduce(1, *))
    self = Tensor.float32(shape) { target in
      for index in elements.indices { target[index] = elements[index] }
    }
  }

  /// A Float64 tensor holding `elements` in row-major order.
  package init(_ elements: [Double], shape: [Int]) {
    precondition(elements.count == shape.reduce(1, *))
    self = Tensor.float64(shape) { target in
      for index in elements.indices { target[index] = elements[index] }
    }
  }
}
