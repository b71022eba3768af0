/// Whisper's languages in the order of their tokens; the last came with large-v3.
enum Languages {
  static let codes = """
    en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur \
    hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si \
    km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln \
    ha ba jw su yue
    """.split(separator: " ").map(String.init)
}

/// The tokens that OpenAI appends to a byte-pair vocabulary.
enum SpecialTokens {
  /// Timestamps 0.00 to 30.00 in steps of 0.02 s.
  static let numTimestamps = 1501

  /// The special tokens of a vocabulary of `size` of which the first `numBase` are text.
  ///
  /// Everything but the number of languages is fixed, so the size says how many those are: 99 for
  /// 51864 and 51865, 100 for large-v3's 51866.
  /// - Returns: names in the order of their ids; `nil` where the sizes are not OpenAI's.
  /// - Note: Source openai/whisper tokenizer.py `get_encoding`.
  static func appended(base numBase: Int, vocabulary size: Int) -> [String]? {
    let before = ["<|endoftext|>", "<|startoftranscript|>"]
    let after = [
      "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>",
      "<|notimestamps|>",
    ]
    let numLanguages = size - numBase - before.count - after.count - numTimestamps
    guard (99...Languages.codes.count).contains(numLanguages) else { return nil }
    return before + Languages.codes.prefix(numLanguages).map { "<|\($0)|>" } + after
      + (0..<numTimestamps).map(timestamp)
  }

  /// `<|1.08|>` for step 54.
  static func timestamp(_ step: Int) -> String {
    let hundredths = step * 2
    let fraction = hundredths % 100
    return "<|\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)|>"
  }
}
