package import EncoderModel
package import TensorCore

/// From encoder outputs to text, through one decoder for all encoders.
///
/// A window's encoder output is `[frames, width]`; longer audio is several windows.
package struct Transcriber: Sendable {
  package let tokenizer: Tokenizer
  private let decoder: TextDecoder
  private let plan: DecodingPlan

  /// - Parameters:
  ///   - model: a checkpoint with a decoder.
  ///   - options: checked here, before any encoder runs.
  ///   - tokenizerPath: a tokenizer file or folder; `nil` takes the checkpoint's.
  /// - Throws: `unavailable` where the checkpoint can give no text; `model`, `file`, `tokenizer`
  ///   where something is broken; `invalidOption`.
  package init(
    model: WhisperModel, options: TranscriptionOptions = TranscriptionOptions(),
    tokenizerPath: String? = nil
  ) throws(TranscriptionError) {
    guard let sizes = model.dimensions.text else {
      throw .unavailable(TranscriptionUnavailable(model: model.name, reason: .noDecoder))
    }
    tokenizer = try TokenizerLoader.load(for: model, path: tokenizerPath)
    let config = try (tokenizerPath ?? model.tokenizerPath).map { path throws(TranscriptionError) in
      try GenerationConfig.beside(path, size: sizes.numVocabulary)
    }
    plan = try DecodingPlan(
      modelName: model.name, sizes: sizes, tokenizer: tokenizer, config: config ?? nil,
      options: options)
    // Options that cannot be met fail before any encoder runs.
    _ = try plan.task(language: plan.settledLanguage ?? plan.languages.first?.id)
    decoder = try TextDecoder(sizes, weights: model.weights)
  }

  /// The text of one window.
  package func transcribe(
    _ encoderOutput: Tensor
  ) throws(TranscriptionError) -> WindowTranscript {
    let audio = try decoder.attend(to: encoderOutput)
    return sample(try plan.task(language: language(audio)), audio)
  }

  /// The text of several windows, in the language of the first.
  package func transcribe(windows: [Tensor]) throws(TranscriptionError) -> Transcript {
    var task: DecodingTask?
    return try transcribe(windows, task: &task) { _, _, _ in }
  }

  /// The reference encoder's text, with what is needed to compare others with it.
  package func control(
    _ name: String, windows: [Tensor], referenceText: String? = nil
  ) throws(TranscriptionError) -> ControlTranscript {
    var task: DecodingTask?
    var decisions: [ReferenceWindow] = []
    let transcript = try transcribe(windows, task: &task) { window, task, audio in
      decisions.append(
        ReferenceWindow(
          task: task, tokens: window.tokens, logits: logits(along: window.tokens, task, audio)))
    }
    return ControlTranscript(
      name: name, transcript: transcript, referenceText: referenceText,
      wordErrors: referenceText.map { WordErrors(reference: $0, found: transcript.text) },
      windows: decisions)
  }

  /// A candidate encoder's text and margins; its windows are the control's.
  package func candidate(
    _ name: String, windows: [Tensor], against control: ControlTranscript
  ) throws(TranscriptionError) -> CandidateTranscript {
    guard windows.count == control.windows.count else {
      throw .windowCount(name: name, expected: control.windows.count, found: windows.count)
    }
    var task = control.windows.first?.task
    var steps: [StepMargin] = []
    var number = 0
    let transcript = try transcribe(windows, task: &task) { _, task, audio in
      let reference = control.windows[number]
      if let expected = reference.logits,
        let found = logits(along: reference.tokens, task, audio)
      {
        steps += MarginComputation(task: task, tokenizer: tokenizer).steps(
          window: number, tokens: reference.tokens, reference: expected, candidate: found)
      }
      number += 1
    }
    let wordErrors = control.referenceText.map {
      WordErrors(reference: $0, found: transcript.text)
    }
    let own = Set(control.wordErrors?.edits ?? [])
    return CandidateTranscript(
      name: name, transcript: transcript,
      firstDifference: TokenDifference.first(control.transcript, transcript, tokenizer),
      wordErrorsAgainstControl: WordErrors(
        reference: control.transcript.text, found: transcript.text),
      wordErrors: wordErrors, numSharedErrors: wordErrors?.edits.filter(own.contains).count ?? 0,
      margins: DecisionMargins(steps: steps))
  }

  /// Everything at once; `candidates` and the control have the same windows.
  package func compare(
    control: (name: String, windows: [Tensor]), candidates: [(name: String, windows: [Tensor])],
    referenceText: String? = nil
  ) throws(TranscriptionError) -> TranscriptComparison {
    let reference = try self.control(
      control.name, windows: control.windows, referenceText: referenceText)
    var results: [CandidateTranscript] = []
    for (name, windows) in candidates {
      results.append(try candidate(name, windows: windows, against: reference))
    }
    return TranscriptComparison(control: reference, candidates: results)
  }

  /// Samples window after window; the task is made for the first one unless it is given.
  private func transcribe(
    _ windows: [Tensor], task: inout DecodingTask?,
    _ observe: (WindowTranscript, DecodingTask, CrossAttentionCache) -> Void
  ) throws(TranscriptionError) -> Transcript {
    var transcripts: [WindowTranscript] = []
    for window in windows {
      let audio = try decoder.attend(to: window)
      let current: DecodingTask
      if let task { current = task } else { current = try plan.task(language: language(audio)) }
      task = current
      let transcript = sample(current, audio)
      transcripts.append(transcript)
      observe(transcript, current, audio)
    }
    let spoken = task.flatMap { task in plan.languages.first { task.prompt.contains($0.id) } }
    return Transcript(windows: transcripts, language: spoken?.code)
  }

  private func sample(_ task: DecodingTask, _ audio: CrossAttentionCache) -> WindowTranscript {
    let session = DecodingSession(decoder: decoder, task: task, audio: audio)
    let sampled =
      switch plan.options.strategy {
      case .greedy: session.greedy()
      case .beam(let size, let penalty):
        BeamSearch(session: session, size: size, lengthPenalty: penalty).run()
      }
    return WindowTranscript(
      prompt: task.prompt, tokens: sampled.tokens, text: tokenizer.decode(sampled.tokens),
      timedText: tokenizer.decodeWithTimes(sampled.tokens),
      sumLogProbability: sampled.sumLogProbability,
      noSpeechProbability: sampled.noSpeechProbability,
      isComplete: sampled.tokens.last == task.endOfText,
      hasNonFiniteLogits: sampled.hasNonFiniteLogits)
  }

  /// The logits at each decision of `tokens`, all read in one go.
  private func logits(
    along tokens: [Int], _ task: DecodingTask, _ audio: CrossAttentionCache
  ) -> Logits? {
    guard !tokens.isEmpty else { return nil }
    var state = decoder.emptyState
    return decoder.read(
      task.prompt + tokens.dropLast(), &state, audio, logitsFrom: task.prompt.count - 1)
  }

  /// The language's token: settled by options or files, or the likeliest after the start token.
  private func language(_ audio: CrossAttentionCache) throws(TranscriptionError) -> Int? {
    if let settled = try plan.settledLanguage { return settled }
    let languages = plan.languages
    guard !languages.isEmpty else { return nil }
    var state = decoder.emptyState
    let logits = decoder.read([plan.startOfTranscript], &state, audio)[0]
    let best = LogProbabilities.argmax(languages.map { logits[$0.id] }) ?? 0
    return languages[best].id
  }
}
