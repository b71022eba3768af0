import Synchronization

/// Pages for large tensors and scratch memory: those that were given back last are used again, as the
/// system takes longer to clear a page than many an operation takes to fill it.
package final class PagePool: Sendable {
  package static let shared = PagePool()

  /// Bytes of a huge page: a block that takes whole ones is translated fastest.
  package static let hugePageByteCount = Pages.hugePageByteCount

  /// Bytes that are kept for later at most: one of whisper-base's attention maps in Float64.
  private static let capacity = 160 << 20

  private struct Block: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
  }

  /// Blocks that nobody uses, the one given back last at the end.
  private let spare = Mutex<[Block]>([])

  /// Pages of exactly `byteCount` bytes with anything in them; `nil` where the system has none.
  ///
  /// Fresh ones take the place of those that are kept: together they stay within the capacity.
  package func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    var known: UnsafeMutableRawPointer?
    let surplus = spare.withLock { blocks -> [Block] in
      if let index = blocks.lastIndex(where: { $0.byteCount == byteCount }) {
        known = blocks.remove(at: index).base
        return []
      }
      return Self.removeOldest(of: &blocks, downTo: Self.capacity - byteCount)
    }
    for block in surplus { Pages.unmap(block.base, block.byteCount) }
    return known ?? Pages.map(byteCount) ?? mapAfterRelease(byteCount)
  }

  /// Takes pages back; those unused for longest go to the system when too many are kept.
  package func give(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    let surplus = spare.withLock { blocks -> [Block] in
      blocks.append(Block(base: base, byteCount: byteCount))
      return Self.removeOldest(of: &blocks, downTo: Self.capacity)
    }
    for block in surplus { Pages.unmap(block.base, block.byteCount) }
  }

  /// Removes blocks from the front until at most `byteCount` bytes are left.
  private static func removeOldest(of blocks: inout [Block], downTo byteCount: Int) -> [Block] {
    var kept = blocks.reduce(0) { $0 + $1.byteCount }
    var count = 0
    while count < blocks.count && kept > byteCount {
      kept -= blocks[count].byteCount
      count += 1
    }
    defer { blocks.removeFirst(count) }
    return Array(blocks.prefix(count))
  }

  private func mapAfterRelease(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let blocks = spare.withLock { blocks in
      defer { blocks.removeAll() }
      return blocks
    }
    for block in blocks { Pages.unmap(block.base, block.byteCount) }
    return Pages.map(byteCount)
  }
}
