import Synchronization

/// A hash that is computed when it is first asked for, once.
final class DeferredHash: Sendable {
  private let value = Mutex<String?>(nil)
  private let compute: @Sendable () -> String

  init(_ compute: @escaping @Sendable () -> String) { self.compute = compute }

  func get() -> String {
    value.withLock { value in
      if let value { return value }
      let computed = compute()
      value = computed
      return computed
    }
  }
}
