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
    case paged
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
    let pages = byteCount >= Self.pagedByteCount ? PagePool.shared.take(byteCount) : nil
    let base =
      pages
      ?? UnsafeMutableRawPointer.allocate(
        byteCount: max(byteCount, Self.alignment), alignment: Self.alignment)
    do {
      try initialize(UnsafeMutableRawBufferPointer(start: base, count: byteCount))
    } catch {
      if pages == nil { base.deallocate() } else { PagePool.shared.give(base, byteCount) }
      throw error
    }
    self.base = base
    self.byteCount = byteCount
    self.ownership = pages == nil ? .allocated : .paged
  }

  /// From this size on, storage is pages of its own, where a heap would keep the holes.
  private static let pagedByteCount = 1 << 20

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
    case .paged: PagePool.shared.give(base, byteCount)
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
