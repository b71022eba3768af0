#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Beam search as OpenAI does it, with patience 1.
///
/// Each step every sequence proposes its `size + 1` likeliest tokens; the best `size` proposals that
/// do not end go on, those that end above them are finished. It stops when `size` sequences are
/// finished; sequences under way fill the list at the token limit. The winner has the largest
/// Σ log p divided by its number of tokens without the end of text, or by ((5 + n)/6)^α where a
/// length penalty α is given.
/// - Note: Source openai/whisper decoding.py `BeamSearchDecoder`, `MaximumLikelihoodRanker`.
struct BeamSearch {
  let session: DecodingSession
  let size: Int
  let lengthPenalty: Double?

  private struct Beam {
    var tokens: [Int]
    var score: Double
    var state: DecoderState
    var logits: [Double]
  }

  private struct Proposal {
    let source: Int
    let token: Int
    let score: Double
  }

  func run() -> SampledTokens {
    let (state, logits, noSpeech) = session.start()
    var beams = [Beam(tokens: [], score: 0, state: state, logits: logits)]
    var finished: [SampledTokens] = []
    var hasNonFinite = false
    for step in 1...session.task.maximumTokens {
      hasNonFinite = beams.contains { $0.logits.contains { $0.isNaN || $0 == .infinity } }
      if hasNonFinite { break }
      let (going, ended) = select(from: beams)
      for proposal in ended where finished.count < size {
        finished.append(
          SampledTokens(
            tokens: beams[proposal.source].tokens + [proposal.token],
            sumLogProbability: proposal.score))
      }
      if finished.count >= size || going.isEmpty { break }
      beams = extend(beams, going, readsOn: step < session.task.maximumTokens)
    }
    for beam in beams where finished.count < size {
      finished.append(SampledTokens(tokens: beam.tokens, sumLogProbability: beam.score))
    }
    var best = winner(of: finished)
    best.noSpeechProbability = noSpeech
    best.hasNonFiniteLogits = hasNonFinite
    return best
  }

  /// The best proposals: those that go on, and those that end above the last of them.
  private func select(from beams: [Beam]) -> (going: [Proposal], ended: [Proposal]) {
    var proposals: [Proposal] = []
    for (source, beam) in beams.enumerated() {
      var logits = beam.logits
      session.task.rules.apply(to: &logits, sampled: beam.tokens[...])
      let sum = LogProbabilities.logSumExp(logits)
      for token in LogProbabilities.largest(size + 1, of: logits) {
        proposals.append(
          Proposal(source: source, token: token, score: beam.score + logits[token] - sum))
      }
    }
    // Sorting by place too makes the order of equals certain.
    let order = proposals.indices.sorted {
      let (a, b) = (proposals[$0].score, proposals[$1].score)
      return a == b ? $0 < $1 : a > b
    }
    var (going, ended): ([Proposal], [Proposal]) = ([], [])
    for index in order where going.count < size {
      let proposal = proposals[index]
      if proposal.token == session.task.endOfText {
        ended.append(proposal)
      } else {
        going.append(proposal)
      }
    }
    return (going, ended)
  }

  /// Reads each proposal's token at the end of its sequence, all of them together.
  private func extend(_ beams: [Beam], _ proposals: [Proposal], readsOn: Bool) -> [Beam] {
    var states = proposals.map { beams[$0.source].state }
    let rows = proposals.enumerated().map { TextDecoder.Row(state: $0, token: $1.token) }
    let logits = readsOn ? session.decoder.read(rows, &states, session.audio) : nil
    return proposals.enumerated().map { index, proposal in
      Beam(
        tokens: beams[proposal.source].tokens + [proposal.token], score: proposal.score,
        state: states[index], logits: logits?[index] ?? [])
    }
  }

  private func winner(of sequences: [SampledTokens]) -> SampledTokens {
    var best: (sequence: SampledTokens, score: Double)?
    for sequence in sequences {
      let length = sequence.tokens.filter { $0 != session.task.endOfText }.count
      let divisor = lengthPenalty.map { pow(Double(5 + length) / 6, $0) } ?? Double(max(length, 1))
      let score = sequence.sumLogProbability / divisor
      if score > best?.score ?? -.infinity { best = (sequence, score) }
    }
    return best?.sequence ?? SampledTokens(tokens: [], sumLogProbability: 0)
  }
}
