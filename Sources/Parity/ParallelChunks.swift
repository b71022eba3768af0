import Dispatch

/// Runs `body` over fixed chunks of `0..<count` in parallel and returns the results in order.
///
/// Chunk borders depend on `count` and `chunk` alone, so sums over chunks taken in order are the
/// same bits for every number of threads.
func mapChunks<R: Sendable>(
  _ count: Int, chunk: Int, _ body: @Sendable (Range<Int>) -> R
) -> [R] {
  guard count > 0 else { return [] }
  let size = max(chunk, 1)
  let numChunks = (count + size - 1) / size
  if numChunks == 1 { return [body(0..<count)] }
  let results = UnsafeMutableBufferPointer<R?>.allocate(capacity: numChunks)
  results.initialize(repeating: nil)
  defer {
    results.deinitialize()
    results.deallocate()
  }
  // Each iteration writes its own slot, and nobody reads before all have finished.
  nonisolated(unsafe) let slots = results
  DispatchQueue.concurrentPerform(iterations: numChunks) { index in
    slots[index] = body((index * size)..<min((index + 1) * size, count))
  }
  return results.compactMap { $0 }
}
