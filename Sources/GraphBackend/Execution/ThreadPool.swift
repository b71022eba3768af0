/// Threads that run the steps of a plan together: one wake-up a run, a barrier between steps.
///
/// Between runs the workers sleep. Within a run they take units of a step in ever smaller pieces,
/// so that all finish together, and meet before the next step. Which thread computes a unit never
/// matters to its bits.

import Kernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A piece of work in independent units.
struct Step {
  /// For the profile: the value that it computes.
  var name: String
  /// `product`, `attention`, `layer-norm`, …
  var kind: String
  /// Floating-point operations of its products.
  var flops: Double = 0
  /// Bytes read and written, each operand once.
  var bytes: Double = 0
  var unitCount: Int
  /// Computes some units with the scratch memory of the calling thread.
  var work: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
}

/// A crew of threads; the workers end when this goes.
final class ThreadPool: Sendable {
  private let crew: Crew

  var threadCount: Int { crew.threadCount }

  /// `scratchCount`: floats of memory that each thread has to itself.
  init(threadCount: Int, scratchCount: Int) {
    crew = Crew(threadCount: threadCount, scratchCount: scratchCount)
  }

  deinit { crew.close() }

  /// Runs `steps` in order, the units of each on all threads; returns when all are done.
  func run(_ steps: [Step]) { crew.run(steps) }
}

/// What the threads share.
///
/// `@unchecked Sendable`: `steps` is written by the caller of `run` before the workers are woken
/// and read by them until they have all left; everything else is atomic or behind the mutex.
private final class Crew: @unchecked Sendable {
  let threadCount: Int
  private var steps: [Step] = []
  private let next = Atomic<Int>(0)
  private let arrived = Atomic<Int>(0)
  private let phase = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  /// Number of the current run; workers wake when it changes.
  private var generation = 0
  private var isClosing = false
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let running = Mutex<Void>(())
  private var workers: [pthread_t] = []
  private let memory: FloatBuffer
  private let scratch: [UnsafeMutablePointer<Float>]

  /// Spins of a barrier before a thread goes to sleep: some 50 µs.
  private static let spinCount = 4000

  init(threadCount: Int, scratchCount: Int) {
    self.threadCount = max(1, threadCount)
    let memory = FloatBuffer(count: self.threadCount * scratchCount, inHugePages: true)
    scratch = (0..<self.threadCount).map { memory.base + $0 * scratchCount }
    self.memory = memory
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  /// Ends the workers and waits for them.
  func close() {
    pthread_mutex_lock(mutex)
    isClosing = true
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
    for worker in workers { pthread_join(worker, nil) }
    workers = []
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  func run(_ steps: [Step]) {
    running.withLock { _ in
      if threadCount == 1 || steps.isEmpty { return runAlone(steps) }
      startWorkers()
      self.steps = steps
      next.store(0, ordering: .relaxed)
      pthread_mutex_lock(mutex)
      generation += 1
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
      participate(0)
      self.steps = []
    }
  }

  private func runAlone(_ steps: [Step]) {
    for step in steps { step.work(0..<step.unitCount, scratch[0]) }
  }

  /// One thread's share of a run. The last barrier tells that nobody reads `steps` any more.
  private func participate(_ index: Int) {
    for position in steps.indices {
      while let range = take(of: steps[position].unitCount) {
        steps[position].work(range, scratch[index])
      }
      meet()
    }
    meet()
  }

  /// The next units: a share of what is left, at least one.
  private func take(of count: Int) -> Range<Int>? {
    var start = next.load(ordering: .relaxed)
    while start < count {
      let length = max(1, (count - start) / (2 * threadCount))
      let result = next.compareExchange(
        expected: start, desired: start + length, ordering: .relaxed)
      if result.exchanged { return start..<(start + length) }
      start = result.original
    }
    return nil
  }

  /// Waits until all threads are here: by spinning first, then asleep.
  private func meet() {
    let current = phase.load(ordering: .acquiring)
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == threadCount {
      arrived.store(0, ordering: .relaxed)
      next.store(0, ordering: .relaxed)
      phase.store(current &+ 1, ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
      }
      return
    }
    for _ in 0..<Self.spinCount {
      if phase.load(ordering: .acquiring) != current { return }
      spinHint()
    }
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while phase.load(ordering: .sequentiallyConsistent) == current {
      pthread_cond_wait(condition, mutex)
    }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  /// Starts the workers on the first run: a pool that is never used costs no thread.
  private func startWorkers() {
    guard workers.isEmpty else { return }
    for index in 1..<threadCount {
      let argument = Unmanaged.passRetained(WorkerStart(crew: self, index: index)).toOpaque()
      var thread = pthread_t()
      let status = pthread_create(&thread, nil, workerMain, argument)
      precondition(status == 0, "no thread could be started")
      workers.append(thread)
    }
  }

  /// A worker's life: sleep until the run number changes, take part, sleep again.
  func work(as index: Int) {
    var seen = 0
    while true {
      pthread_mutex_lock(mutex)
      while generation == seen && !isClosing { pthread_cond_wait(condition, mutex) }
      seen = generation
      let isEnd = isClosing
      pthread_mutex_unlock(mutex)
      if isEnd { return }
      participate(index)
    }
  }
}

/// What a worker needs to begin.
private final class WorkerStart {
  let crew: Crew
  let index: Int

  init(crew: Crew, index: Int) {
    self.crew = crew
    self.index = index
  }
}

private func workerMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
  start.crew.work(as: start.index)
  return nil
}
