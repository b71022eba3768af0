import EncoderModel
import Faults
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Parameters that are a frame or a shift in frames.
extension SpanSearch {
  /// The frame from which something holds: where the candidate's rows begin to deviate, or, where
  /// attention has spread the error over all rows, the best by a search over frames.
  func frameFit(_ trial: Trial, _ index: Int, _ tap: String) -> Double? {
    guard let own = shelf.tensor(tap), let id = sound[tap], let y = try? graph.value(id),
      let frames = context.program.node(named: trial.hypothesis.faults[index].site)?.shape.first
    else { return nil }
    let rows = rowDistances(own, y)
    let largest = rows.filter(\.isFinite).max() ?? 0
    let isDeviant = { (row: Double) in !row.isFinite || row > 1e-3 * largest }
    guard let first = rows.firstIndex(where: isDeviant) else { return nil }
    let scale = max(1, frames / max(rows.count, 1))
    var best: (frame: Int, residual: Double)?
    func look(_ frame: Int) -> Double {
      guard frame >= 0, frame < frames else { return .infinity }
      let residual = residual(trial, index, tap, value: Double(frame))
      if residual < best?.residual ?? .infinity { best = (frame, residual) }
      return residual
    }
    for frame in [first, first * scale, first * scale + 1, first * scale - 1] { _ = look(frame) }
    if (best?.residual ?? .infinity) > 1e-4 {
      let listed = trial.hypothesis.faults[index].value.number
      if listed > 0, listed < Double(frames) { _ = look(Int(listed)) }
      minimise(0..<frames, look)
      if let near = best { walk(from: near.frame, least: near.residual, tap, look) }
    }
    return (best?.frame).map(Double.init)
  }

  /// Looks at the neighbours of a value until one leaves next to nothing of the error.
  private func walk(from start: Int, least: Double, _ tap: String, _ look: (Int) -> Double) {
    let error = soundResiduals[tap] ?? .infinity
    var least = least
    for distance in 1...24 where least > 1e-3 * error && .now < deadline {
      least = min(least, look(start - distance), look(start + distance))
    }
  }

  /// Golden-section search for the least value over a range of integers.
  private func minimise(_ range: Range<Int>, _ value: (Int) -> Double) {
    var (low, high) = (range.lowerBound, range.upperBound - 1)
    var known: [Int: Double] = [:]
    func at(_ i: Int) -> Double {
      if let value = known[i] { return value }
      let result = value(i)
      known[i] = result
      return result
    }
    while high - low > 3 {
      let third = max(1, Int(Double(high - low) * 0.382))
      let (a, b) = (low + third, high - third)
      if at(a) <= at(b) { high = b } else { low = a }
    }
    for i in low...high { _ = at(i) }
  }

  /// The shift between the candidate's rows and the sound ones, else a small one by trial.
  func shiftFit(_ trial: Trial, _ index: Int, _ tap: String) -> Double? {
    guard let own = shelf.tensor(tap), let id = sound[tap], let y = try? graph.value(id)
    else { return nil }
    var shifts = Array(-4...4)
    if let shift = rowShift(own, y) { shifts.append(shift) }
    let best = shifts.filter { $0 != 0 }.map {
      (shift: $0, residual: residual(trial, index, tap, value: Double($0)))
    }.min { $0.residual < $1.residual }
    return best.map { Double($0.shift) }
  }

  /// A natural number on which the error depends smoothly: by powers first, then one by one.
  func countFit(_ trial: Trial, _ index: Int, _ tap: String) -> Double? {
    var known: [Int: Double] = [:]
    func look(_ count: Int) -> Double {
      if let value = known[count] { return value }
      let value = residual(trial, index, tap, value: Double(count))
      known[count] = value
      return value
    }
    // 1 to 4096 in steps of a fifth of an octave.
    func power(_ step: Int) -> Int { Int(exp2(Double(step) / 5).rounded()) }
    minimise(0..<61) { look(power($0)) }
    guard let near = known.min(by: { $0.value < $1.value })?.key else { return nil }
    minimise(max(1, near * 4 / 5)..<(near * 5 / 4 + 3)) { look($0) }
    return known.min { ($0.value, $0.key) < ($1.value, $1.key) }.map { Double($0.key) }
  }

  /// A number of frames below the context, or of either sign: a scan, then a search around its best.
  func contextFramesFit(_ trial: Trial, _ index: Int, _ tap: String, isSigned: Bool = false)
    -> Double?
  {
    let frames = context.program.dimensions.numAudioContext
    let range = (isSigned ? 1 - frames : 1)..<frames
    var known: [Int: Double] = [:]
    func look(_ count: Int) -> Double {
      guard range.contains(count) else { return .infinity }
      if let value = known[count] { return value }
      let value = residual(trial, index, tap, value: Double(count))
      known[count] = value
      return value
    }
    let step = max(1, frames / 16)
    let error = soundResiduals[tap] ?? .infinity
    // A value that is nearly right may have been found already, on fewer frames.
    let listed = trial.hypothesis.faults[index].value.number
    if listed > 0, listed < Double(frames), look(Int(listed)) < error / 4 {
      walk(from: Int(listed), least: look(Int(listed)), tap, look)
      if let best = known.min(by: { $0.value < $1.value }), best.value < 1e-3 * error {
        return Double(best.key)
      }
    }
    for count in stride(from: isSigned ? -frames / 2 : step, to: frames, by: step) {
      _ = look(count)
    }
    // At the whole context nothing is wrong any more: what little is just before it is far from all else.
    for distance in [1, 2, 4, 8] where distance < step { _ = look(frames - distance) }
    for _ in 0..<2 {
      guard let near = known.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key,
        (known[near] ?? .infinity) < error
      else { return nil }
      minimise(max(range.lowerBound, near - step)..<min(frames, near + step + 1)) { look($0) }
    }
    // Frames at an end count by themselves: there the error need not grow with the distance.
    if let best = known.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
      walk(from: best.key, least: best.value, tap, look)
    }
    return known.min { ($0.value, $0.key) < ($1.value, $1.key) }.map { Double($0.key) }
  }

  private func residual(_ trial: Trial, _ index: Int, _ tap: String, value: Double) -> Double {
    var hypothesis = trial.hypothesis
    hypothesis.vary(index, to: value)
    guard var varied = self.trial(hypothesis) else { return .infinity }
    measure(&varied, at: [tap])
    return varied.residuals[tap] ?? .infinity
  }
}

/// The shift d for which most of x's rows are nearest y's rows t − d; `nil` where there is none.
func rowShift(_ x: Tensor, _ y: Tensor) -> Int? {
  let matches = nearestRows(x, y)
  var votes: [Int: Int] = [:]
  for (row, match) in matches { votes[row - match, default: 0] += 1 }
  guard let best = votes.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
    best.value * 3 > matches.count * 2
  else { return nil }
  return best.key
}

/// For those of x's rows that stand out most the nearest of y's rows.
func nearestRows(_ x: Tensor, _ y: Tensor, samples: Int = 24) -> [(row: Int, match: Int)] {
  let width = max(x.innerExtent, 1)
  let frames = x.elementCount / width
  guard frames > 1, y.elementCount == x.elementCount else { return [] }
  return x.withFloat64 { a in
    y.withFloat64 { b in
      standingOut(a, frames, width, samples).map { row in
        var best = (frame: row, distance: Double.infinity)
        for frame in 0..<frames {
          var distance = 0.0
          for c in 0..<width {
            let d = a[row * width + c] - b[frame * width + c]
            distance += d * d
          }
          if distance < best.distance
            || (distance == best.distance && abs(frame - row) < abs(best.frame - row))
          {
            best = (frame, distance)
          }
        }
        return (row, best.frame)
      }
    }
  }
}

/// Rows that differ most from the one before: silence looks the same everywhere, and so do the
/// zeros that a shift leaves at the ends.
private func standingOut(
  _ values: UnsafeBufferPointer<Double>, _ frames: Int, _ width: Int, _ count: Int
) -> [Int] {
  let changes = (1..<frames).map { row -> (row: Int, change: Double) in
    var sum = 0.0
    for c in 0..<width {
      let d = values[row * width + c] - values[(row - 1) * width + c]
      sum += d * d
    }
    return (row, sum.isFinite ? sum : 0)
  }
  return changes.sorted { ($0.change, $1.row) > ($1.change, $0.row) }.prefix(count).map(\.row)
}
