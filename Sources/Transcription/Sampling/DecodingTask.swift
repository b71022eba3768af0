/// Everything about decoding that does not depend on the audio: prompt, rules, limits.
struct DecodingTask: Sendable {
  /// The tokens before the first sampled one.
  let prompt: [Int]
  /// Where `<|startoftranscript|>` stands in the prompt.
  let startIndex: Int
  let rules: TokenRules
  let endOfText: Int
  let noSpeech: Int?
  /// Tokens to sample at most, the end of text included.
  let maximumTokens: Int
}

/// A sampled sequence.
struct SampledTokens: Sendable, Equatable {
  /// Without the prompt; the end of text included if it was reached.
  var tokens: [Int]
  /// Σ log p of the tokens, among those that the rules allowed.
  var sumLogProbability: Double
  /// Probability of no speech, where the model can tell.
  var noSpeechProbability: Double?
  /// Whether some logit was NaN or +∞: the text is then worthless.
  var hasNonFiniteLogits = false
}

/// One step of decoding, the same for every strategy.
struct DecodingSession {
  let decoder: TextDecoder
  let task: DecodingTask
  let audio: CrossAttentionCache

  /// Reads the prompt.
  /// - Returns: the state behind it, the logits that follow, and the probability of no speech.
  func start() -> (state: DecoderState, logits: [Double], noSpeechProbability: Double?) {
    var state = decoder.emptyState
    let logits = decoder.read(task.prompt, &state, audio, logitsFrom: task.startIndex)
    let noSpeech = task.noSpeech.map { id in
      LogProbabilities.probability(of: id, in: logits[0])
    }
    return (state, logits[logits.numRows - 1], noSpeech)
  }

  /// The tokens of highest probability at each step.
  func greedy() -> SampledTokens {
    var (state, logits, noSpeech) = start()
    var result = SampledTokens(
      tokens: [], sumLogProbability: 0, noSpeechProbability: noSpeech)
    while result.tokens.count < task.maximumTokens {
      if logits.contains(where: { $0.isNaN || $0 == .infinity }) {
        result.hasNonFiniteLogits = true
        break
      }
      task.rules.apply(to: &logits, sampled: result.tokens[...])
      guard let token = LogProbabilities.argmax(logits) else { break }
      result.sumLogProbability += logits[token] - LogProbabilities.logSumExp(logits)
      result.tokens.append(token)
      if token == task.endOfText || result.tokens.count == task.maximumTokens { break }
      logits = decoder.read([token], &state, audio)[0]
    }
    return result
  }
}
