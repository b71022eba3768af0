import EncoderModel

/// Makes a `DecodingTask` of the tokenizer, the options and generation_config.json.
struct DecodingPlan: Sendable {
  let tokenizer: Tokenizer
  let config: GenerationConfig?
  let options: TranscriptionOptions
  let sizes: TextDimensions
  let modelName: String
  let endOfText: Int
  let startOfTranscript: Int

  /// - Throws: `unavailable` where a token that is needed has no id; `invalidOption`.
  init(
    modelName: String, sizes: TextDimensions, tokenizer: Tokenizer, config: GenerationConfig?,
    options: TranscriptionOptions
  ) throws(TranscriptionError) {
    try options.check()
    self.tokenizer = tokenizer
    self.config = config
    self.options = options
    self.sizes = sizes
    self.modelName = modelName
    guard let end = config?.endOfText ?? tokenizer.endOfText else {
      throw Self.lacking("<|endoftext|>", modelName)
    }
    guard let start = config?.startOfTranscript ?? tokenizer.startOfTranscript else {
      throw Self.lacking("<|startoftranscript|>", modelName)
    }
    endOfText = end
    startOfTranscript = start
  }

  private static func lacking(_ token: String, _ model: String) -> TranscriptionError {
    .unavailable(TranscriptionUnavailable(model: model, reason: .noSpecialToken(token)))
  }

  /// Languages that may be chosen, by code; empty for models of one language.
  ///
  /// English models have the tokens too, but were never trained with them.
  var languages: [(code: String, id: Int)] {
    guard config?.isMultilingual ?? (sizes.numVocabulary != 51864) else { return [] }
    return tokenizer.languages
  }

  /// What the options or generation_config.json say of the language; `nil` asks for detection.
  var settledLanguage: Int? {
    get throws(TranscriptionError) {
      let languages = languages
      if let code = options.language {
        if let known = languages.first(where: { $0.code == code }) { return known.id }
        if languages.isEmpty && code == "en" { return nil }
        let known = languages.prefix(8).map(\.code).joined(separator: ", ")
        throw .invalidOption(
          "\(modelName) has no language '\(code)'; expected "
            + (languages.isEmpty
              ? "en" : known + (languages.count > 8 ? ", … (\(languages.count))" : "")))
      }
      if languages.count == 1 { return languages[0].id }
      return languages.first { $0.id == config?.forced[1] }?.id
    }
  }

  /// The task in one language: its token, or `nil` for models that know one only.
  ///
  /// Throws `invalidOption` where options ask for what the model cannot do.
  func task(language: Int?) throws(TranscriptionError) -> DecodingTask {
    let (prompt, startIndex) = try prompt(language: language)
    let room = sizes.numTextContext - prompt.count
    guard room > 0 else {
      throw .invalidOption(
        "the prompt has \(prompt.count) tokens, but the decoder's context is "
          + "\(sizes.numTextContext); shorten the previous text")
    }
    return DecodingTask(
      prompt: prompt, startIndex: startIndex, rules: try rules(prompt: prompt),
      endOfText: endOfText, noSpeech: tokenizer.noSpeech,
      // The last token needs no place: it is not read.
      maximumTokens: min(options.maximumTokens ?? .max, room + 1))
  }

  private func prompt(
    language: Int?
  ) throws(TranscriptionError) -> (tokens: [Int], startIndex: Int) {
    var tokens: [Int] = []
    if let text = options.previousText?.trimmingSpaces, !text.isEmpty {
      guard let marker = tokenizer.special("<|startofprev|>") else {
        throw .invalidOption("\(modelName) has no <|startofprev|>; it cannot take a prompt text")
      }
      let limit = max(sizes.numTextContext / 2 - 1, 0)
      tokens = [marker] + tokenizer.encode(" " + text).suffix(limit)
    }
    let startIndex = tokens.count
    tokens.append(startOfTranscript)
    if let language {
      tokens.append(language)
      let name = options.task.rawValue
      if let task = config?.tasks[name] ?? tokenizer.special("<|\(name)|>") {
        tokens.append(task)
      } else if options.task == .translate {
        throw .invalidOption("\(modelName) has no <|translate|>; only transcription is possible")
      }
    } else if options.task == .translate {
      throw .invalidOption("\(modelName) knows one language only; it cannot translate")
    }
    if options.hasTimestamps {
      guard tokenizer.timestampBegin != nil else {
        throw .invalidOption("\(modelName) has no tokens for points in time")
      }
    } else if let id = config?.noTimestamps ?? tokenizer.noTimestamps {
      tokens.append(id)
    }
    return (tokens, startIndex)
  }

  private func rules(prompt: [Int]) throws(TranscriptionError) -> TokenRules {
    var suppressed = Set(config?.suppressed ?? NonSpeech.tokens(of: tokenizer))
    // Special tokens are never text; points in time have rules of their own.
    let textEnd = tokenizer.timestampBegin ?? sizes.numVocabulary
    for id in 0..<textEnd where tokenizer.isSpecial(id) { suppressed.insert(id) }
    if !options.hasTimestamps { suppressed.formUnion(textEnd..<sizes.numVocabulary) }
    suppressed.remove(endOfText)
    return TokenRules(
      suppressed: suppressed.sorted(),
      suppressedAtBegin: config != nil
        ? config?.suppressedAtBegin ?? [] : NonSpeech.blanks(of: tokenizer, endOfText: endOfText),
      timestamps: options.hasTimestamps
        ? tokenizer.timestampBegin.map {
          TimestampRules(
            begin: $0, endOfText: endOfText,
            noTimestamps: config?.noTimestamps ?? tokenizer.noTimestamps,
            maximumInitialStep: config?.maximumInitialTimestamp ?? 50)
        } : nil)
  }
}
