/// Rows of elements as the loops read them; wider than their storage only in registers.
import ParityArithmetic

/// Elements from an index on, in Float64.
protocol RowSource {
  /// Whether there are elements at all.
  static var isPresent: Bool { get }
  func lanes(_ index: Int) -> Lanes
  func value(_ index: Int) -> Double
}

extension RowSource {
  @inline(__always)
  static var isPresent: Bool { true }
}

struct Float32Row: RowSource {
  let base: UnsafePointer<Float>

  @inline(__always)
  func lanes(_ index: Int) -> Lanes { loadLanes(base, index) }
  @inline(__always)
  func value(_ index: Int) -> Double { Double(base[index]) }
}

struct Float64Row: RowSource {
  let base: UnsafePointer<Double>

  @inline(__always)
  func lanes(_ index: Int) -> Lanes { loadLanes(base, index) }
  @inline(__always)
  func value(_ index: Int) -> Double { base[index] }
}

/// A Float64 row plus a Float32 one.
struct SumRow: RowSource {
  let base: UnsafePointer<Double>
  let difference: UnsafePointer<Float>

  @inline(__always)
  func lanes(_ index: Int) -> Lanes { loadLanes(base, index) + loadLanes(difference, index) }
  @inline(__always)
  func value(_ index: Int) -> Double { base[index] + Double(difference[index]) }
}

/// Zeros.
struct AbsentRow: RowSource {
  @inline(__always)
  static var isPresent: Bool { false }
  @inline(__always)
  func lanes(_ index: Int) -> Lanes { .zero }
  @inline(__always)
  func value(_ index: Int) -> Double { 0 }
}

extension Elements {
  /// The elements from `start` on where they are Float32.
  @inline(__always)
  func float32Row(_ start: Int) -> Float32Row {
    Float32Row(base: base.assumingMemoryBound(to: Float.self) + start)
  }

  /// The elements from `start` on where they are Float64.
  @inline(__always)
  func float64Row(_ start: Int) -> Float64Row {
    Float64Row(base: base.assumingMemoryBound(to: Double.self) + start)
  }
}
