import EncoderModel
import Faults
import TensorCore

/// Two faults in one span, the likeliest pairs first.
extension SpanSearch {
  /// Trials of pairs of `singles` at `tap`, until one fits or time is up.
  ///
  /// Pairs are ranked by what their separate effects would leave of the error if they added up,
  /// ‖Δ − Δ₁ − Δ₂‖, from inner products over samples; and, as effects often do not add up, the
  /// best singles are paired with everything.
  func pairTrials(_ singles: [Trial], at tap: String, open: Set<String>) -> [Trial] {
    if let coarse = whole?.coarse { return wholePairs(singles, at: tap, coarse) }
    let members = distinct(
      singles.filter { $0.predicted[tap] != nil && !$0.hypothesis.isSystematic })
    let sketches = members.map { sketch($0, at: tap) }
    let base = soundSketch(at: tap)
    let own = ownSketch(at: tap)
    guard own.count == base.count, !own.isEmpty else { return [] }
    let effects = sketches.map { sketch in
      sketch.count == base.count
        ? zip(sketch, base).map { $0.isFinite && $1.isFinite ? $0 - $1 : 0 }
        : [Float](repeating: 0, count: base.count)
    }
    let order = rankedPairs(
      effects, error: zip(own, base).map { $0.isFinite && $1.isFinite ? $0 - $1 : 0 },
      left: members.map {
        ($0.residuals[tap] ?? .infinity) / (soundResiduals[tap] ?? .infinity)
      })
    var seen = Set(singles.map(\.predicted))
    var result: [Trial] = []
    var left: Int?
    for (index, pair) in order.enumerated() {
      if .now > deadline || left == 0 { break }
      left = left.map { $0 - 1 }
      context.progress("pairs at \(tap)", Double(index) / Double(order.count))
      let (a, b) = (members[pair.0].hypothesis, members[pair.1].hypothesis)
      guard var trial = trial(a.with(b)), seen.insert(trial.predicted).inserted else {
        continue
      }
      measure(&trial, at: open)
      trial = refined(trial, at: tap, open: open)
      result.append(trial)
      let error = soundResiduals[tap] ?? .infinity
      let residual = trial.residuals[tap] ?? .infinity
      // What fits is known at once; a few more show how far the next best is.
      if left == nil, residual < 1e-2 * min(error, 1), fit(exact(trial)) != .none {
        left = Self.pairsAfterProof
      }
    }
    return result
  }

  private static let pairsAfterProof = 60
  /// Pairs whose parameters are fitted: those that leave less than this part of the error.
  private static let worthFitting = 0.3

  /// Parameters of a promising pair fitted.
  private func refined(_ trial: Trial, at tap: String, open: Set<String>) -> Trial {
    var best = trial
    let error = soundResiduals[tap] ?? .infinity
    guard whole == nil, let residual = best.residuals[tap], residual < Self.worthFitting * error,
      residual > 1e-5
    else { return best }
    for index in trial.hypothesis.faults.indices {
      if let better = fitted(best, varying: index, at: tap, to: open) { best = better }
    }
    return best
  }

  func distinct(_ trials: [Trial]) -> [Trial] {
    var seen: Set<[String: Int]> = []
    return trials.sorted { $0.hypothesis.prior < $1.hypothesis.prior }
      .filter { seen.insert($0.predicted).inserted }
  }

  /// Pairs in the order of what would be left of `error` if two effects added up; `left` is what each
  /// leaves alone, as a part of it.
  func rankedPairs(_ effects: [[Float]], error: [Float], left: [Double]) -> [(Int, Int)] {
    let total = dot(error, error)
    let along = effects.map { dot($0, error) }
    let energies = effects.map { dot($0, $0) }
    var scored: [(score: Double, pair: (Int, Int))] = []
    scored.reserveCapacity(effects.count * effects.count / 2)
    let bestSingles = Set(effects.indices.sorted { left[$0] < left[$1] }.prefix(8))
    for i in effects.indices {
      for j in effects.indices where j > i {
        let cross = dot(effects[i], effects[j])
        var score =
          (total + energies[i] + energies[j] - 2 * along[i] - 2 * along[j] + 2 * cross) / total
        if bestSingles.contains(i) || bestSingles.contains(j) {
          let share = min(left[i], left[j])
          score = min(score, share.isFinite ? share * share : score)
        }
        if score < Self.worthPairing { scored.append((score, (i, j))) }
      }
    }
    return scored.sorted { $0.score < $1.score }.map(\.pair)
  }

  /// Squared part of the error that a pair may leave, effects added up: as effects do not add up,
  /// more than 1.
  private static let worthPairing = 4.0

  private func dot(_ a: [Float], _ b: [Float]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var sums = SIMD16<Float>.zero
        var i = 0
        while i + 16 <= a.count {
          var (x, y) = (SIMD16<Float>.zero, SIMD16<Float>.zero)
          for lane in 0..<16 { (x[lane], y[lane]) = (a[i + lane], b[i + lane]) }
          sums += x * y
          i += 16
        }
        var sum = sums.sum()
        while i < a.count {
          sum += a[i] * b[i]
          i += 1
        }
        return Double(sum)
      }
    }
  }

  // MARK: Sketches: values at a few hundred positions

  private static let sketchCount = 512

  private func sampled(_ values: [Float]) -> [Float] {
    guard values.count > Self.sketchCount else { return values }
    return (0..<Self.sketchCount).map { index in
      values[
        Int(CounterHash.bits(seed: 7, stream: 1, counter: UInt64(index)) % UInt64(values.count))]
    }
  }

  private func sketch(_ trial: Trial, at tap: String) -> [Float] {
    if let whole { return sampled((try? whole.sketch(trial, mel: nil)) ?? []) }
    return sampled((try? prediction(trial, at: tap).float32Array) ?? [])
  }

  private func soundSketch(at tap: String) -> [Float] {
    if let whole { return sampled(whole.soundSketch) }
    return sampled(sound[tap].flatMap { try? graph.value($0) }?.float32Array ?? [])
  }

  private func ownSketch(at tap: String) -> [Float] {
    sampled(whole.map { $0.own.map(Float.init) } ?? shelf.tensor(tap)?.float32Array ?? [])
  }
}
