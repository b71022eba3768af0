/// Elements in somebody else's memory, Float32 or Float64.
///
/// `@unchecked Sendable`: only read, while the owner lends it.
package struct Elements: @unchecked Sendable {
  package let base: UnsafeRawPointer
  package let isFloat64: Bool

  package init(_ base: UnsafeRawPointer, isFloat64: Bool) {
    self.base = base
    self.isFloat64 = isFloat64
  }

  /// The value at `index`, exact in Float64.
  @inlinable
  package subscript(index: Int) -> Double {
    isFloat64
      ? base.loadUnaligned(fromByteOffset: index &* 8, as: Double.self)
      : Double(base.loadUnaligned(fromByteOffset: index &* 4, as: Float.self))
  }
}
