import EncoderModel
package import TensorCore

/// A few thousand values of each of the reference's taps: what foreign tensors are recognised by.
///
/// Taps can be added while the reference runs; their tensors need not stay in memory.
package struct ReferenceSamples: Sendable {
  /// Values at `positions`, flat positions in the canonical shape.
  struct Sample: Sendable {
    let positions: [Int]
    let values: [Double]
    /// Square root of the sum of the squares.
    let norm: Double
  }

  private var samples: [String: Sample] = [:]
  /// Values sampled from each tap; enough that unrelated tensors correlate by less than 0.06.
  private static let sampleCount = 2048

  package init() {}

  /// Samples `tensor`, the value of `tap` in canonical shape.
  package mutating func add(_ tap: String, _ tensor: Tensor) {
    let count = tensor.elementCount
    guard count > 0 else { return }
    let key = CounterHash.key(seed: 0, stream: fnv1a(tap.utf8))
    let positions = (0..<Self.sampleCount).map { index in
      Int(CounterHash.bits(seed: key, stream: 0, counter: UInt64(index)) % UInt64(count))
    }
    let values = tensor.withUnsafeBytes { bytes in
      positions.map { element(of: bytes, at: $0, as: tensor.scalarType) }
    }
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    samples[tap] = Sample(positions: positions, values: values, norm: norm)
  }

  /// Names of the taps that were added.
  package var taps: Set<String> { Set(samples.keys) }

  subscript(tap: String) -> Sample? { samples[tap] }
}

/// How well a foreign tensor agrees with a tap of the reference.
struct ValueMatch {
  /// ‖scale·foreign − reference‖/‖reference‖ over the samples.
  let relativeError: Double
  /// reference ≈ ratio·foreign, by least squares.
  let ratio: Double
  /// Of foreign and reference; 1 where they are proportional.
  let cosine: Double

  /// - Returns: `nil` where the reference is zero, or most foreign values are not finite.
  init?(
    _ sample: ReferenceSamples.Sample, _ bytes: UnsafeRawBufferPointer, _ type: ScalarType,
    _ layout: TapLayout, scale: Double = 1
  ) {
    var foreignSquares = 0.0
    var product = 0.0
    var referenceSquares = 0.0
    var difference = 0.0
    var numFinite = 0
    for (position, reference) in zip(sample.positions, sample.values) {
      let foreign = element(of: bytes, at: layout.position(of: position), as: type) * scale
      guard foreign.isFinite, reference.isFinite else { continue }
      numFinite += 1
      foreignSquares += foreign * foreign
      referenceSquares += reference * reference
      product += foreign * reference
      difference += (foreign - reference) * (foreign - reference)
    }
    guard numFinite * 2 > sample.values.count, referenceSquares > 0 else { return nil }
    relativeError = (difference / referenceSquares).squareRoot()
    ratio = foreignSquares > 0 ? product / foreignSquares : 0
    cosine = foreignSquares > 0 ? product / (foreignSquares * referenceSquares).squareRoot() : 0
  }
}

/// One element as Float64.
func element(of bytes: UnsafeRawBufferPointer, at index: Int, as type: ScalarType) -> Double {
  func load<T>(_: T.Type) -> T {
    bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
  }
  switch type {
  case .float64: return load(Double.self)
  case .float32: return Double(load(Float.self))
  case .float16: return Double(Float16(bitPattern: load(UInt16.self)))
  case .bfloat16: return Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
  case .int64: return Double(load(Int64.self))
  case .int32: return Double(load(Int32.self))
  case .int16: return Double(load(Int16.self))
  case .int8: return Double(load(Int8.self))
  case .uint64: return Double(load(UInt64.self))
  case .uint32: return Double(load(UInt32.self))
  case .uint16: return Double(load(UInt16.self))
  case .uint8, .bool: return Double(load(UInt8.self))
  }
}
