import Dispatch
import Regression
import Synchronization

/// Runs cases side by side and shows each as soon as all before it are done, so that the lines
/// stand in the same order whatever finishes first.
final class CaseBoard: Sendable {
  private struct State {
    var results: [CaseResult?]
    var numShown = 0
    var numDone = 0
  }
  private let state: Mutex<State>
  private let progress: Progress
  /// Called under the lock: prints.
  private let show: @Sendable (CaseResult) -> Void

  init(total: Int, isQuiet: Bool, show: @escaping @Sendable (CaseResult) -> Void) {
    state = Mutex(State(results: [CaseResult?](repeating: nil, count: total)))
    progress = Progress(isQuiet: isQuiet)
    self.show = show
  }

  /// Runs `body` for each case, `jobs` of them at a time; results are in order.
  func run(jobs: Int, _ body: @Sendable (Int) -> CaseResult) -> [CaseResult] {
    let total = state.withLock { $0.results.count }
    let next = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: min(jobs, total)) { _ in
      while true {
        let index = next.withLock { value -> Int in
          defer { value += 1 }
          return value
        }
        guard index < total else { return }
        finish(index, body(index))
      }
    }
    return state.withLock { $0.results.compactMap { $0 } }
  }

  private func finish(_ index: Int, _ result: CaseResult) {
    state.withLock { state in
      state.results[index] = result
      state.numDone += 1
      progress.clear()
      while state.numShown < state.results.count, let ready = state.results[state.numShown] {
        show(ready)
        state.numShown += 1
      }
      let total = state.results.count
      if state.numDone < total {
        progress.show(
          "\(state.numDone) of \(total) cases", Double(state.numDone) / Double(total))
      }
    }
  }
}
