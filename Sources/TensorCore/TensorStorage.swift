#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes behind tensors: memory of our own or a mapped file, immutable once it is shared.
///
/// `@unchecked Sendable`: bytes are written only inside the initialiser's closure, before any
/// other reference to the storage exists; afterwards they are only read.
package final class TensorStorage: @unchecked Sendable {
  /// What keeps the bytes alive and how they are given back.
  private enum Ownership {
    case allocated
    case mapped
    case borrowed(any AnyObject & Sendable)
  }

  private let base: UnsafeMutableRawPointer
  /// Number of bytes that may be read.
  package let byteCount: Int
  private let ownership: Ownership

  /// Alignment of allocated storage: a cache line, and the widest vector register.
  package static let alignment = 64

  /// Allocates `byteCount` uninitialised bytes and lets `initialize` fill all of them.
  package init(
    byteCount: Int, initializingWith initialize: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    precondition(byteCount >= 0)
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: max(byteCount, Self.alignment), alignment: Self.alignment)
    do {
      try initialize(UnsafeMutableRawBufferPointer(start: base, count: byteCount))
    } catch {
      base.deallocate()
      throw error
    }
    self.base = base
    self.byteCount = byteCount
    self.ownership = .allocated
  }

  /// Takes over a read-only `mmap` of `byteCount` bytes; unmapped when the last tensor goes.
  package init(takingMapping base: UnsafeMutableRawPointer, byteCount: Int) {
    self.base = base
    self.byteCount = byteCount
    self.ownership = .mapped
  }

  /// Reads bytes that `owner` keeps alive and unchanged.
  package init(
    borrowing base: UnsafeRawPointer, byteCount: Int, owner: any AnyObject & Sendable
  ) {
    self.base = UnsafeMutableRawPointer(mutating: base)
    self.byteCount = byteCount
    self.ownership = .borrowed(owner)
  }

  deinit {
    switch ownership {
    case .allocated: base.deallocate()
    case .mapped: munmap(base, byteCount)
    case .borrowed: break
    }
  }

  /// Lends the bytes for the duration of `body`.
  package func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeRawBufferPointer(start: base, count: byteCount))
  }
}
