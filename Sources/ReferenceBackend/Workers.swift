/// Spreads independent tasks over threads; which thread does a task never changes its result.
import CProcessor
import Dispatch
import Synchronization
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How many threads an operation may use.
struct Workers: Sendable {
  let threads: Int

  /// - Parameter threads: as many as there are processors to run on where `nil`.
  init(threads: Int?) { self.threads = max(1, threads ?? Self.processorCount) }

  private static var processorCount: Int {
    #if os(Linux)
      let allowed = Int(encoder_diff_processor_count())
      if allowed > 0 { return allowed }
    #endif
    return sysconf(Int32(_SC_NPROCESSORS_ONLN))
  }

  /// Calls `body` once for each task below `count`, in any order; returns when all are done.
  /// - `scratch`: elements of memory that each thread gets for its own; zero at first.
  /// - `body`: gets the task and the thread's memory.
  /// - Precondition: no task writes what another one touches.
  func run(_ count: Int, scratch: Int = 0, _ body: (Int, UnsafeMutablePointer<Double>) -> Void) {
    let queue = TaskQueue()
    withoutActuallyEscaping(body) { body in
      let task = DisjointTask(run: body)
      DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        let memory = allocateLines(wholeHugePages(scratch))
        memory.initialize(repeating: 0, count: scratch)
        while true {
          let index = queue.next.add(1, ordering: .relaxed).oldValue
          if index >= count { break }
          task.run(index, memory)
        }
        deallocateLines(memory, wholeHugePages(scratch))
      }
    }
  }

  /// Calls `body` with ranges of at most `length` that together cover `0..<count`.
  func runRanges(_ count: Int, length: Int, _ body: (Range<Int>) -> Void) {
    run((count + length - 1) / length) { task, _ in
      body((task * length)..<min((task + 1) * length, count))
    }
  }
}

/// Memory for `count` values that begins a cache line, so that no vector of a packed panel lies across
/// two lines: pages of the pool where it is large; `deallocateLines` takes it back.
func allocateLines(_ count: Int) -> UnsafeMutablePointer<Double> {
  let byteCount = max(count, 1) * MemoryLayout<Double>.stride
  let memory: UnsafeMutableRawPointer
  if byteCount < pagedByteCount {
    memory = .allocate(byteCount: byteCount, alignment: 64)
  } else {
    guard let pages = PagePool.shared.take(byteCount) else {
      fatalError("no memory is left for \(byteCount) bytes")
    }
    memory = pages
  }
  return memory.bindMemory(to: Double.self, capacity: max(count, 1))
}

/// Takes back what `allocateLines` gave for `count` values.
func deallocateLines(_ memory: UnsafeMutablePointer<Double>, _ count: Int) {
  let byteCount = max(count, 1) * MemoryLayout<Double>.stride
  if byteCount >= pagedByteCount {
    PagePool.shared.give(memory, byteCount)
  } else {
    UnsafeMutableRawPointer(memory).deallocate()
  }
}

/// As many values as whole huge pages hold, where `count` takes a large part of one.
private func wholeHugePages(_ count: Int) -> Int {
  let page = PagePool.hugePageByteCount / MemoryLayout<Double>.stride
  return count < page / 4 ? count : (count + page - 1) / page * page
}

/// From this size on, memory is pages of its own.
private let pagedByteCount = 1 << 19

/// The number of the task that is handed out next.
private final class TaskQueue: Sendable {
  let next = Atomic<Int>(0)
}

/// Carries a closure across the `@Sendable` border.
///
/// `@unchecked Sendable`: tasks write to disjoint memory only, as `run` demands.
private struct DisjointTask: @unchecked Sendable {
  let run: (Int, UnsafeMutablePointer<Double>) -> Void
}
