import Dispatch
import Synchronization

extension SearchContext {
  /// Calls `body` with every index below `count`, in order but on all lanes at once; the second
  /// argument is the number of the lane. Results are `nil` where it threw and where time was up.
  /// - Precondition: calls of different lanes share nothing that any of them writes.
  func sideBySide<Result>(
    _ count: Int, until deadline: ContinuousClock.Instant, activity: String,
    _ body: (Int, Int) throws -> Result
  ) -> [Result?] {
    var results = [Result?](repeating: nil, count: count)
    let next = Counter()
    results.withUnsafeMutableBufferPointer { results in
      withoutActuallyEscaping(body) { body in
        let slots = Slots(results: results, body: body)
        DispatchQueue.concurrentPerform(iterations: lanes.count) { lane in
          while .now < deadline, let index = next.take(below: count) {
            if lane == 0 { progress(activity, Double(index) / Double(count)) }
            slots.results[index] = try? slots.body(index, lane)
          }
        }
      }
    }
    return results
  }
}

/// Numbers from 0 on, each handed out once.
private final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  func take(below count: Int) -> Int? {
    let taken = value.add(1, ordering: .relaxed).oldValue
    return taken < count ? taken : nil
  }
}

/// What lanes write to and call.
///
/// `@unchecked Sendable`: each index is handed out once, and calls write to disjoint memory only.
private struct Slots<Result>: @unchecked Sendable {
  let results: UnsafeMutableBufferPointer<Result?>
  let body: (Int, Int) throws -> Result
}
