/// The multiply-add peak of this machine, as the kernels' own registers reach it.

import Dispatch
package import KernelTable
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What independent fused multiply-adds reach: what fractions of the peak are fractions of.
package struct PeakSample: Sendable {
  /// Floating-point operations per nanosecond that passed, all threads together.
  package var gflops: Double
  /// The same per nanosecond that a thread really ran: what one core gives, whoever else is about.
  package var gflopsPerCore: Double
}

/// Measures the peak again and again, a round of about 20 ms at a time: machines drift, so rounds
/// are taken between the runs that they are compared with.
package struct PeakMeter: Sendable {
  private let threads: Int
  private let table: KernelTable
  private let iterations: Int

  package init(threads: Int, table: KernelTable = .best) {
    self.threads = max(1, threads)
    self.table = table
    // One core's speed decides how long a round is.
    let trial = 100_000
    let time = ContinuousClock().measure { _ = table.spinFMA(trial) }
    iterations = max(1, Int(Double(trial) * min(max(.milliseconds(20) / time, 0.1), 100)))
  }

  /// One round.
  package func measure() -> PeakSample {
    let sums = Mutex((flops: 0.0, seconds: 0.0))
    let (table, iterations) = (table, iterations)
    let time = ContinuousClock().measure {
      DispatchQueue.concurrentPerform(iterations: threads) { _ in
        let start = threadSeconds()
        let done = table.spinFMA(iterations)
        let seconds = threadSeconds() - start
        sums.withLock { $0 = ($0.flops + done, $0.seconds + seconds) }
      }
    }
    let (flops, seconds) = sums.withLock { $0 }
    return PeakSample(
      gflops: flops / (time / .nanoseconds(1)), gflopsPerCore: flops / max(seconds * 1e9, 1))
  }
}

/// Processor time of the calling thread.
private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
