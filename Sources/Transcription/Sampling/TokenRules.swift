/// Which tokens may be sampled at a step: whatever is ruled out gets the logit −∞.
struct TokenRules: Sendable {
  /// Never sampled.
  let suppressed: [Int]
  /// Not sampled first.
  let suppressedAtBegin: [Int]
  let timestamps: TimestampRules?

  /// - Parameters:
  ///   - logits: `[vocabulary]`, changed in place.
  ///   - sampled: the tokens behind the prompt.
  func apply(to logits: inout [Double], sampled: ArraySlice<Int>) {
    for id in suppressed { logits[id] = -.infinity }
    if sampled.isEmpty { for id in suppressedAtBegin { logits[id] = -.infinity } }
    timestamps?.apply(to: &logits, sampled: sampled)
  }
}

/// OpenAI's rules for points in time: they come in pairs, never decrease, and open the text.
/// - Note: Source openai/whisper decoding.py `ApplyTimestampRules`.
struct TimestampRules: Sendable {
  /// The id of `<|0.00|>`; all ids from here on are points in time.
  let begin: Int
  let endOfText: Int
  let noTimestamps: Int?
  /// How many steps of 0.02 s the first may lie behind the start.
  let maximumInitialStep: Int

  func apply(to logits: inout [Double], sampled: ArraySlice<Int>) {
    if let noTimestamps { logits[noTimestamps] = -.infinity }
    let last = sampled.last.map { $0 >= begin } ?? false
    let lastButOne = sampled.count < 2 || sampled[sampled.endIndex - 2] >= begin
    if last {
      // A pair is complete, so text follows; a lone one is followed by its partner or the end.
      rule(out: lastButOne ? begin..<logits.count : 0..<endOfText, of: &logits)
    }
    if let latest = sampled.last(where: { $0 >= begin }) {
      // Only a segment's end may be repeated, as the next one's start.
      let first = last && !lastButOne ? latest : latest + 1
      rule(out: begin..<max(begin, min(first, logits.count)), of: &logits)
    }
    if sampled.isEmpty {
      rule(out: 0..<begin, of: &logits)
      let limit = min(begin + maximumInitialStep + 1, logits.count)
      rule(out: limit..<logits.count, of: &logits)
    }
    preferTimestamps(&logits)
  }

  /// Where points in time are together likelier than any other token, one of them has to come.
  private func preferTimestamps(_ logits: inout [Double]) {
    let text = logits[..<begin].max() ?? -.infinity
    let times = LogProbabilities.logSumExp(logits[begin...])
    if times > text { rule(out: 0..<begin, of: &logits) }
  }

  private func rule(out range: Range<Int>, of logits: inout [Double]) {
    for id in range { logits[id] = -.infinity }
  }
}
