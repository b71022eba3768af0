/// Memory of Float32 values: weights in panels, the arena, a thread's scratch.

import Synchronization
import TensorCore

/// Floats of our own, aligned to a cache line; uninitialised at first.
///
/// `@unchecked Sendable`: written only before the first other reference exists.
final class FloatBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let count: Int
  private let area: MemoryArea

  /// An area of its own; `inHugePages` rounds it up to whole ones.
  convenience init(count: Int, inHugePages: Bool = false) {
    let needed = max(count, 16) * MemoryLayout<Float>.stride
    let page = inHugePages ? PagePool.hugePageByteCount : 1
    let area = MemoryArea(byteCount: (needed + page - 1) / page * page)
    self.init(area: area, offset: 0, count: count)
  }

  fileprivate init(area: MemoryArea, offset: Int, count: Int) {
    base = (area.base + offset).bindMemory(to: Float.self, capacity: count)
    self.count = count
    self.area = area
  }
}

/// Gives out buffers one behind the other in areas that they share: many a matrix is smaller than a
/// huge page. An area goes with the last of its buffers.
final class SharedAreas: Sendable {
  /// Bytes of an area, where no buffer needs more.
  private static let areaByteCount = 8 * PagePool.hugePageByteCount

  private struct Current {
    var area: MemoryArea
    var used: Int
  }
  private let current = Mutex<Current?>(nil)

  /// A buffer of `count` floats.
  func buffer(count: Int) -> FloatBuffer {
    let byteCount = (max(count, 16) * MemoryLayout<Float>.stride + 63) / 64 * 64
    return current.withLock { current in
      if let known = current, known.used + byteCount <= known.area.byteCount {
        current = Current(area: known.area, used: known.used + byteCount)
        return FloatBuffer(area: known.area, offset: known.used, count: count)
      }
      let area = MemoryArea(byteCount: max(byteCount, Self.areaByteCount))
      current = Current(area: area, used: byteCount)
      return FloatBuffer(area: area, offset: 0, count: count)
    }
  }
}

/// Pages from the pool, or a piece of the heap where it is small.
///
/// `@unchecked Sendable`: those who hold parts of it see to who writes where.
private final class MemoryArea: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  private let isPaged: Bool

  init(byteCount: Int) {
    self.byteCount = byteCount
    let pages = byteCount >= PagePool.hugePageByteCount / 2 ? PagePool.shared.take(byteCount) : nil
    isPaged = pages != nil
    base = pages ?? .allocate(byteCount: byteCount, alignment: 64)
  }

  deinit {
    if isPaged { PagePool.shared.give(base, byteCount) } else { base.deallocate() }
  }
}
