import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Pages for large tensors: those that were given back last are used again, as the system takes
/// longer to clear a page than many an operation takes to fill it.
final class PagePool: Sendable {
  static let shared = PagePool()

  /// Bytes that are kept for later at most.
  private static let capacity = 96 << 20

  private struct Block: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
  }

  /// Blocks that nobody uses, the one given back last at the end.
  private let spare = Mutex<[Block]>([])

  /// Pages of exactly `byteCount` bytes with anything in them; `nil` where the system has none.
  func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let known = spare.withLock { blocks -> Block? in
      guard let index = blocks.lastIndex(where: { $0.byteCount == byteCount }) else { return nil }
      return blocks.remove(at: index)
    }
    return known?.base ?? map(byteCount) ?? mapAfterRelease(byteCount)
  }

  /// Takes pages back; those unused for longest go to the system when too many are kept.
  func give(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    let surplus = spare.withLock { blocks -> [Block] in
      blocks.append(Block(base: base, byteCount: byteCount))
      var kept = blocks.reduce(0) { $0 + $1.byteCount }
      var count = 0
      while kept > Self.capacity {
        kept -= blocks[count].byteCount
        count += 1
      }
      defer { blocks.removeFirst(count) }
      return Array(blocks.prefix(count))
    }
    for block in surplus { munmap(block.base, block.byteCount) }
  }

  /// Fresh pages, huge ones where the system has them.
  private func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard
      let base = mmap(
        nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != MAP_FAILED
    else { return nil }
    #if os(Linux)
      madvise(base, byteCount, MADV_HUGEPAGE)
    #endif
    return base
  }

  private func mapAfterRelease(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let blocks = spare.withLock { blocks in
      defer { blocks.removeAll() }
      return blocks
    }
    for block in blocks { munmap(block.base, block.byteCount) }
    return map(byteCount)
  }
}
