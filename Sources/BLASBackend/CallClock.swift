import Synchronization

/// How long OpenBLAS's own calls take, over all threads that make some.
package final class CallClock: Sendable {
  private let nanoseconds = Atomic<Int64>(0)

  package init() {}

  /// Sum over all calls so far.
  package var seconds: Double { Double(nanoseconds.load(ordering: .relaxed)) * 1e-9 }

  /// Adds the time that `body` takes.
  func time(_ body: () -> Void) {
    let start = ContinuousClock.now
    body()
    let passed = (start.duration(to: .now) / .nanoseconds(1)).rounded()
    nanoseconds.add(Int64(passed), ordering: .relaxed)
  }
}
