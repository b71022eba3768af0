/// Runs independent tasks on all cores.
import Dispatch

/// Carries a closure across the `@Sendable` border.
///
/// `@unchecked Sendable`: tasks given to `concurrently` write to disjoint memory only.
private struct DisjointTask: @unchecked Sendable {
  let run: (Int) -> Void
}

/// Calls `body(0)` … `body(tasks − 1)`, each once, in any order; returns when all are done.
/// - Precondition: calls share nothing that any of them writes.
func concurrently(_ tasks: Int, _ body: (Int) -> Void) {
  if tasks == 1 { return body(0) }
  withoutActuallyEscaping(body) { body in
    let task = DisjointTask(run: body)
    DispatchQueue.concurrentPerform(iterations: tasks) { task.run($0) }
  }
}
