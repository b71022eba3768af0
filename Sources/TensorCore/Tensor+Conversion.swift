import Dispatch

extension Tensor {
  /// Lends the elements as Float32; converts (round to nearest even) unless they are already that.
  package func withFloat32<R, E: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    if scalarType == .float32 && isAligned(to: 4) {
      return try withUnsafeBytes { (bytes) throws(E) -> R in
        try body(bytes.bindMemory(to: Float.self))
      }
    }
    return try converted(to: .float32).withUnsafeBytes { (bytes) throws(E) -> R in
      try body(bytes.bindMemory(to: Float.self))
    }
  }

  /// Lends the elements as Float64; converts (exactly, but for 64-bit integers) unless they are that.
  package func withFloat64<R, E: Error>(
    _ body: (UnsafeBufferPointer<Double>) throws(E) -> R
  ) throws(E) -> R {
    if scalarType == .float64 && isAligned(to: 8) {
      return try withUnsafeBytes { (bytes) throws(E) -> R in
        try body(bytes.bindMemory(to: Double.self))
      }
    }
    return try converted(to: .float64).withUnsafeBytes { (bytes) throws(E) -> R in
      try body(bytes.bindMemory(to: Double.self))
    }
  }

  /// The elements as an array of Float32.
  package var float32Array: [Float] { withFloat32 { Array($0) } }

  /// The elements as an array of Float64.
  package var float64Array: [Double] { withFloat64 { Array($0) } }

  /// Whether the first element lies on a multiple of `alignment` bytes.
  private func isAligned(to alignment: Int) -> Bool {
    withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return true }
      return UInt(bitPattern: base) % UInt(alignment) == 0
    }
  }

  /// The same values in another floating-point type, rounded to nearest even; NaN stays NaN.
  /// - Precondition: `type` is a floating-point type. Returns `self` where nothing has to change.
  package func converted(to type: ScalarType) -> Tensor {
    precondition(type.isFloatingPoint, "tensors are converted to floating-point types only")
    if type == scalarType && isAligned(to: type.byteWidth) { return self }
    let count = elementCount
    let storage = TensorStorage(byteCount: count * type.byteWidth) { target in
      withUnsafeBytes { source in
        // Chunks of source and target are disjoint, and both outlive the loop.
        nonisolated(unsafe) let (source, target) = (source, target)
        let numChunks = max(1, count / Self.elementsPerChunk)
        DispatchQueue.concurrentPerform(iterations: numChunks) { chunk in
          let range = (chunk * count / numChunks)..<((chunk + 1) * count / numChunks)
          convert(source, scalarType, to: target, type, range)
        }
      }
    }
    return Tensor(shape: shape, scalarType: type, storage: storage)
  }

  /// Elements that one thread converts at a time.
  private static var elementsPerChunk: Int { 1 << 17 }
}

/// Converts the elements of `range`.
private func convert(
  _ source: UnsafeRawBufferPointer, _ sourceType: ScalarType,
  to target: UnsafeMutableRawBufferPointer, _ type: ScalarType, _ range: Range<Int>
) {
  switch type {
  case .float32:
    let out = target.bindMemory(to: Float.self)
    forEachElement(of: source, as: sourceType, range) {
      out[$0] = Float($1)
    } float32: {
      out[$0] = $1
    }
  case .float64:
    let out = target.bindMemory(to: Double.self)
    forEachElement(of: source, as: sourceType, range) {
      out[$0] = $1
    } float32: {
      out[$0] = Double($1)
    }
  case .float16:
    let out = target.bindMemory(to: UInt16.self)
    forEachElement(of: source, as: sourceType, range) {
      out[$0] = Float16($1).bitPattern
    } float32: {
      out[$0] = Float16($1).bitPattern
    }
  case .bfloat16:
    let out = target.bindMemory(to: UInt16.self)
    forEachElement(of: source, as: sourceType, range) {
      out[$0] = bfloat16Bits(Float($1))
    } float32: {
      out[$0] = bfloat16Bits($1)
    }
  case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8, .bool:
    preconditionFailure("tensors are converted to floating-point types only")
  }
}

/// Reads each element once; types that fit Float32 go through `float32`, the others through `float64`.
@inline(__always)
private func forEachElement(
  of source: UnsafeRawBufferPointer, as type: ScalarType, _ range: Range<Int>,
  _ float64: (Int, Double) -> Void, float32: (Int, Float) -> Void
) {
  func load<T>(_: T.Type, _ index: Int) -> T {
    source.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
  }
  switch type {
  case .float64: for i in range { float64(i, load(Double.self, i)) }
  case .float32: for i in range { float32(i, load(Float.self, i)) }
  case .float16: for i in range { float32(i, Float(Float16(bitPattern: load(UInt16.self, i)))) }
  case .bfloat16:
    for i in range { float32(i, Float(bitPattern: UInt32(load(UInt16.self, i)) << 16)) }
  case .int64: for i in range { float64(i, Double(load(Int64.self, i))) }
  case .int32: for i in range { float64(i, Double(load(Int32.self, i))) }
  case .int16: for i in range { float32(i, Float(load(Int16.self, i))) }
  case .int8: for i in range { float32(i, Float(load(Int8.self, i))) }
  case .uint64: for i in range { float64(i, Double(load(UInt64.self, i))) }
  case .uint32: for i in range { float64(i, Double(load(UInt32.self, i))) }
  case .uint16: for i in range { float32(i, Float(load(UInt16.self, i))) }
  case .uint8: for i in range { float32(i, Float(load(UInt8.self, i))) }
  case .bool: for i in range { float32(i, load(UInt8.self, i) == 0 ? 0 : 1) }
  }
}

/// The upper 16 bits of `value` after rounding to nearest even; NaN stays a quiet NaN.
package func bfloat16Bits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x0040 }
  return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
}
