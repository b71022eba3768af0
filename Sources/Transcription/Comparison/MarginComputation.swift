#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Compares the logits of a reference and a candidate after the same tokens.
struct MarginComputation {
  let task: DecodingTask
  let tokenizer: Tokenizer

  /// One margin for each of `tokens`, which the reference sampled in this window.
  ///
  /// Both logits are `[tokens.count, vocabulary]`, teacher-forced along the tokens.
  func steps(
    window: Int, tokens: [Int], reference: Logits, candidate: Logits
  ) -> [StepMargin] {
    tokens.indices.map { index in
      step(
        window: window, index: index, tokens: tokens, reference: reference[index],
        candidate: candidate[index])
    }
  }

  private func step(
    window: Int, index: Int, tokens: [Int], reference: [Double], candidate: [Double]
  ) -> StepMargin {
    var (allowed, preferred) = (reference, candidate)
    task.rules.apply(to: &allowed, sampled: tokens[..<index])
    task.rules.apply(to: &preferred, sampled: tokens[..<index])
    let best = LogProbabilities.largest(2, of: allowed)
    let top = best.first ?? tokens[index]
    let change = change(of: candidate, from: reference, allowed: allowed, top: top)
    // A candidate without one finite logit prefers nothing, which is no agreement.
    let isFinite = !change.absolute.isNaN
    let choice = isFinite ? LogProbabilities.argmax(preferred) : nil
    return StepMargin(
      window: window, index: index, token: tokenizer.name(of: tokens[index]),
      runnerUp: best.count > 1 ? tokenizer.name(of: best[1]) : nil,
      margin: best.count > 1 ? allowed[top] - allowed[best[1]] : nil,
      endOfTextMargin: endOfTextMargin(allowed, best),
      divergence: divergence(allowed, candidate), largestLogitChange: change.absolute,
      decisiveChange: change.decisive,
      flippedTo: choice == top ? nil : choice.map(tokenizer.name(of:)) ?? "no finite logit")
  }

  private func endOfTextMargin(_ logits: [Double], _ best: [Int]) -> Double? {
    guard best.count > 1, logits[task.endOfText] > -.infinity else { return nil }
    return logits[best[0]] - logits[best[0] == task.endOfText ? best[1] : task.endOfText]
  }

  private func change(
    of candidate: [Double], from reference: [Double], allowed: [Double], top: Int
  ) -> (absolute: Double, decisive: Double) {
    let shift = candidate[top] - reference[top]
    var (absolute, decisive) = (0.0, 0.0)
    for id in allowed.indices where allowed[id] > -.infinity {
      let delta = candidate[id] - reference[id]
      guard delta.isFinite else { return (.nan, .nan) }
      absolute = max(absolute, abs(delta))
      decisive = max(decisive, abs(delta - shift))
    }
    return (absolute, decisive)
  }

  /// Σ p·(log p − log q) over the tokens that the reference may choose.
  private func divergence(_ allowed: [Double], _ candidate: [Double]) -> Double {
    let ids = allowed.indices.filter { allowed[$0] > -.infinity }
    let p = LogProbabilities.logSoftmax(ids.map { allowed[$0] })
    let q = LogProbabilities.logSoftmax(ids.map { candidate[$0] })
    let sum = zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    // Rounding may leave −1e-17 of nothing.
    return sum.isNaN ? .nan : max(sum, 0)
  }
}
