import Synchronization

/// Pages for large tensors and scratch memory: those that were given back last are used again, as the
/// system takes longer to clear a page than many an operation takes to fill it.
package final class PagePool: Sendable {
  package static let shared = PagePool()

  /// Bytes of a huge page: a block that takes whole ones is translated fastest.
  package static let hugePageByteCount = Pages.hugePageByteCount

  /// Bytes that may be kept for later even where that exceeds the most that was ever in use.
  private static let allowance = 32 << 20

  private struct Block: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
  }

  /// What is in use, and the blocks that are not, the one given back last at the end.
  ///
  /// Spare blocks never take the process far above the most that it had in use at once: what repeats
  /// itself, stage after stage, finds its pages again, and no new peak is made.
  private struct Account {
    var spare: [Block] = []
    var spareByteCount = 0
    var usedByteCount = 0
    var peakByteCount = 0

    /// Removes the spare block of exactly `byteCount` bytes that was given back last.
    mutating func takeSpare(_ byteCount: Int) -> UnsafeMutableRawPointer? {
      guard let index = spare.lastIndex(where: { $0.byteCount == byteCount }) else { return nil }
      spareByteCount -= byteCount
      return spare.remove(at: index).base
    }

    mutating func use(_ byteCount: Int) {
      usedByteCount += byteCount
      peakByteCount = max(peakByteCount, usedByteCount)
    }

    mutating func giveBack(_ block: Block) {
      usedByteCount -= block.byteCount
      spare.append(block)
      spareByteCount += block.byteCount
    }

    /// Removes the blocks that were unused for longest, until few enough are kept.
    mutating func removeSurplus() -> [Block] {
      let limit = peakByteCount - usedByteCount + PagePool.allowance
      var count = 0
      while count < spare.count && spareByteCount > limit {
        spareByteCount -= spare[count].byteCount
        count += 1
      }
      defer { spare.removeFirst(count) }
      return Array(spare.prefix(count))
    }
  }

  private let account = Mutex(Account())

  /// Pages of exactly `byteCount` bytes with anything in them; `nil` where the system has none.
  package func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let (known, surplus) = account.withLock { account -> (UnsafeMutableRawPointer?, [Block]) in
      let known = account.takeSpare(byteCount)
      account.use(byteCount)
      return (known, account.removeSurplus())
    }
    for block in surplus { Pages.unmap(block.base, block.byteCount) }
    if let base = known ?? Pages.map(byteCount) ?? mapAfterRelease(byteCount) { return base }
    account.withLock { $0.usedByteCount -= byteCount }
    return nil
  }

  /// Takes pages back that `take` gave.
  package func give(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    let surplus = account.withLock { account in
      account.giveBack(Block(base: base, byteCount: byteCount))
      return account.removeSurplus()
    }
    for block in surplus { Pages.unmap(block.base, block.byteCount) }
  }

  private func mapAfterRelease(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let blocks = account.withLock { account in
      defer {
        account.spare.removeAll()
        account.spareByteCount = 0
      }
      return account.spare
    }
    for block in blocks { Pages.unmap(block.base, block.byteCount) }
    return Pages.map(byteCount)
  }
}
