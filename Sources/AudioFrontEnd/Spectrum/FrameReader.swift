/// Reads four frames of a signal at once, also where they reach beyond its ends.

/// Lends pointers into the signal; only frames at an edge are copied.
struct FrameReader {
  let signal: UnsafeBufferPointer<Double>
  let length: Int
  let edge: SignalEdge
  private let scratch: UnsafeMutablePointer<Double>

  init(signal: UnsafeBufferPointer<Double>, length: Int, edge: SignalEdge) {
    self.signal = signal
    self.length = length
    self.edge = edge
    scratch = .allocate(capacity: 4 * length)
    scratch.initialize(repeating: 0, count: 4 * length)
  }

  func deallocate() { scratch.deallocate() }

  /// Four frames, one in each lane.
  struct Quartet {
    let first: UnsafePointer<Double>
    let second: UnsafePointer<Double>
    let third: UnsafePointer<Double>
    let fourth: UnsafePointer<Double>
    let length: Int

    @inline(__always) subscript(n: Int) -> SIMD4<Double> {
      SIMD4(first[n], second[n], third[n], fourth[n])
    }

    /// Whether all samples are 0, and so all of the spectrum.
    var isSilent: Bool {
      for n in 0..<length where self[n] != .zero { return false }
      return true
    }
  }

  /// The frames that start at `start(0)` … `start(3)`; valid until the next call.
  func read(start: (Int) -> Int) -> Quartet {
    Quartet(
      first: frame(at: start(0), lane: 0), second: frame(at: start(1), lane: 1),
      third: frame(at: start(2), lane: 2), fourth: frame(at: start(3), lane: 3), length: length)
  }

  private func frame(at start: Int, lane: Int) -> UnsafePointer<Double> {
    if let base = signal.baseAddress, start >= 0, start + length <= signal.count {
      return base + start
    }
    let copy = scratch + lane * length
    for n in 0..<length { copy[n] = sample(start + n) }
    return UnsafePointer(copy)
  }

  /// The sample at `index`, continued beyond the ends; 0 for an empty signal.
  private func sample(_ index: Int) -> Double {
    let count = signal.count
    if 0..<count ~= index { return signal[index] }
    guard count > 0, edge != .zero else { return 0 }
    switch edge {
    case .zero: return 0
    case .replicate: return signal[index < 0 ? 0 : count - 1]
    case .reflect:
      // Period 2(count − 1): a signal shorter than the margin is mirrored again and again.
      guard count > 1 else { return signal[0] }
      let period = 2 * (count - 1)
      let phase = ((index % period) + period) % period
      return signal[min(phase, period - phase)]
    case .symmetric:
      let phase = ((index % (2 * count)) + 2 * count) % (2 * count)
      return signal[min(phase, 2 * count - 1 - phase)]
    }
  }
}
