/// The multiply-add peak of this machine, as the kernels' own registers reach it.

import Dispatch
package import KernelTable
import Synchronization

/// GFLOP/s of independent fused multiply-adds on `threads` threads at once, the best of some
/// rounds of about 20 ms: what fractions of the peak are fractions of.
package func measurePeakGflops(
  threads: Int, table: KernelTable = .best, rounds: Int = 5
) -> Double {
  let clock = ContinuousClock()
  // One core's speed decides how long a round is.
  var iterations = 100_000
  let trial = clock.measure { _ = table.spinFMA(iterations) }
  iterations = max(1, Int(Double(iterations) * (.milliseconds(20) / trial)))
  var best = 0.0
  for _ in 0..<rounds {
    let flops = Mutex(0.0)
    let count = iterations
    let time = clock.measure {
      DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
        let done = table.spinFMA(count)
        flops.withLock { $0 += done }
      }
    }
    best = max(best, flops.withLock { $0 } / (time / .nanoseconds(1)))
  }
  return best
}
