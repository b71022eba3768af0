#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Pages straight from the system.
///
/// A product walks over megabytes of panels: with pages of 4 KiB it waits for their translation, the
/// more so in a virtual machine, where each is translated twice. So large areas begin where a huge
/// page can, and ask for huge ones.
enum Pages {
  /// Bytes of a huge page of x86-64, and of arm64 with pages of 4 KiB.
  static let hugePageByteCount = 1 << 21

  /// Fresh pages of zeros, huge ones where the system has them; `nil` where it has none.
  static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard byteCount >= hugePageByteCount else { return reserve(byteCount) }
    guard let start = reserve(byteCount + hugePageByteCount) else { return reserve(byteCount) }
    let base = start.alignedUp(toMultipleOf: hugePageByteCount)
    let end = (base + byteCount).alignedUp(toMultipleOf: Int(sysconf(Int32(_SC_PAGESIZE))))
    if base > start { munmap(start, base - start) }
    let reserved = start + byteCount + hugePageByteCount
    if reserved > end { munmap(end, reserved - end) }
    #if os(Linux)
      madvise(base, byteCount, MADV_HUGEPAGE)
    #endif
    return base
  }

  /// Gives back what `map` gave.
  static func unmap(_ base: UnsafeMutableRawPointer, _ byteCount: Int) { munmap(base, byteCount) }

  private static func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return base == MAP_FAILED ? nil : base
  }
}
