import EncoderModel
import Testing
import Transcription

@Suite("Tokenizers")
struct TokenizerTests {
  @Test("bare words are joined by spaces, words with spaces are not", arguments: ["", " "])
  func words(_ space: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "vocab.json",
      "{\"<|endoftext|>\": 0, \"<|startoftranscript|>\": 1, \"\(space)zéro\": 2, \"\(space)one\": 3}"
    )
    let tokenizer = try TokenizerLoader.load(folder.path, vocabularySize: 4)
    #expect(tokenizer.decode([1, 2, 3, 3, 0]) == "zéro one one")
    #expect(tokenizer.endOfText == 0 && tokenizer.isSpecial(1) && !tokenizer.isSpecial(2))
    if space.isEmpty { #expect(tokenizer.encode("one  two zéro") == [3, 2]) }
  }

  /// A byte-level vocabulary: every byte, two merges, one special token.
  private func byteLevel(asTokenizerJSON: Bool, mergesAsPairs: Bool) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var entries: [String] = []
    var next: UInt32 = 0x100
    for byte in UInt32(0)...255 {
      let isPrintable =
        (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
      let code = isPrintable ? byte : next
      if !isPrintable { next += 1 }
      let digits = String(code, radix: 16)
      let escaped = "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      entries.append("\"\(escaped)\": \(byte)")
    }
    entries += ["\"\\u0120a\": 256", "\"\\u0120ab\": 257", "\"ab\": 258"]
    let vocabulary = "{" + entries.joined(separator: ",") + "}"
    let special = "{\"id\": 259, \"content\": \"<|endoftext|>\", \"special\": true}"
    let merges = [("\\u0120", "a"), ("\\u0120a", "b"), ("a", "b")]
    if asTokenizerJSON {
      let list = merges.map { mergesAsPairs ? "[\"\($0)\", \"\($1)\"]" : "\"\($0) \($1)\"" }
      try folder.write(
        "tokenizer.json",
        """
        {"added_tokens": [\(special)], "decoder": {"type": "ByteLevel"},
         "model": {"type": "BPE", "vocab": \(vocabulary), "merges": [\(list.joined(separator: ","))]}}
        """)
    } else {
      try folder.write("vocab.json", vocabulary)
      try folder.write("merges.txt", "#version: 0.2\nĠ a\nĠa b\na b\n")
      try folder.write("added_tokens.json", "{\"<|endoftext|>\": 259}")
    }
    return folder
  }

  @Test(
    "byte pairs merge in the order they were learned",
    arguments: [(true, true), (true, false), (false, false)])
  func bytePairs(_ form: (json: Bool, pairs: Bool)) throws {
    let folder = try byteLevel(asTokenizerJSON: form.json, mergesAsPairs: form.pairs)
    let tokenizer = try TokenizerLoader.load(folder.path, vocabularySize: 260)
    #expect(tokenizer.encode(" ab ab") == [257, 257])
    #expect(tokenizer.encode("ab a") == [258, 256])
    #expect(tokenizer.encode("é") == [0xC3, 0xA9])
    #expect(tokenizer.decode([257, 0xC3, 0xA9, 259]) == "abé")
    #expect(tokenizer.name(of: 259) == "<|endoftext|>")
  }

  @Test("bytes that are no UTF-8 become U+FFFD")
  func invalidText() throws {
    let folder = try byteLevel(asTokenizerJSON: false, mergesAsPairs: false)
    let tokenizer = try TokenizerLoader.load(folder.path, vocabularySize: 260)
    #expect(tokenizer.decode([97, 0xC3, 98]) == "a\u{FFFD}b")
    #expect(tokenizer.decode([97, 0xFF, 1000, -1]) == "a\u{FFFD}")
  }

  @Test(
    "hostile vocabularies are refused, not trusted",
    arguments: [
      "[]", "{\"a\": -1}", "{\"a\": 1.5}", "{\"a\": \"1\"}", "{\"a\": 1, \"b\": 1}", "{\"a\": 1",
      "{\"a\": null}", "{\"a\": 99999999999999999999}", "",
    ])
  func hostileVocabulary(_ text: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("vocab.json", text)
    #expect(throws: TranscriptionError.self) {
      try TokenizerLoader.load(folder.path, vocabularySize: 5)
    }
  }

  @Test(
    "hostile tokenizer.json is refused",
    arguments: [
      "{\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"a\", 1]]}}",
      "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": {}}}",
      "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [\"a\"]}}",
      "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [[\"a\", 3]]}}",
      "{\"model\": {\"vocab\": {\"a\": 0}}, \"added_tokens\": [{\"id\": 1}]}",
      "{\"model\": {\"vocab\": {\"a\": 0}}, \"added_tokens\": [{\"id\": 0, \"content\": \"b\"}]}",
    ])
  func hostileTokenizer(_ text: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("tokenizer.json", text)
    #expect(throws: TranscriptionError.self) {
      try TokenizerLoader.load(folder.path, vocabularySize: 5)
    }
  }

  @Test(
    "hostile tiktoken files are refused",
    arguments: [
      "IQ== 0\nIg== 0\n", "IQ== 1\n", "IQ==\n", "I!== 0\n", "IQ== -1\n", "\n", "IR== 0\n",
    ])
  func hostileTiktoken(_ text: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("x.tiktoken", text)
    #expect(throws: TranscriptionError.self) {
      try TokenizerLoader.load(path, vocabularySize: 1)
    }
  }

  @Test("ids beyond the model's vocabulary are ignored, not allocated")
  func largeIds() throws {
    let folder = try TemporaryFolder()
    try folder.write("vocab.json", "{\"a\": 0, \"b\": 9223372036854775807}")
    let tokenizer = try TokenizerLoader.load(folder.path, vocabularySize: 2)
    #expect(tokenizer.numTokens == 2)
    #expect(tokenizer.name(of: 1) == "token 1")
  }

  @Test("special tokens are known by the vocabulary's size", arguments: [51864, 51865, 51866])
  func openAISizes(_ size: Int) throws {
    let model = WhisperModel(
      name: "m", format: "openai-pt",
      dimensions: WhisperDimensions(
        numMels: 80, numAudioContext: 1500, audioWidth: 384, numAudioHeads: 6, numAudioLayers: 4,
        text: TextDimensions(
          numVocabulary: size, numTextContext: 448, textWidth: 384, numTextHeads: 6,
          numTextLayers: 4)),
      weights: FixedWeights(tensors: [:]), encoderWeightsHash: "")
    let tokenizer = try TokenizerLoader.load(for: model)
    #expect(tokenizer.endOfText == (size == 51864 ? 50256 : 50257))
    #expect(tokenizer.name(of: size - 1) == "<|30.00|>")
    #expect(tokenizer.name(of: size - 1501) == "<|0.00|>")
    #expect(tokenizer.noTimestamps == size - 1502)
    #expect(tokenizer.decode([12, 345, size - 1]) == "[12] [345]")
    #expect(tokenizer.languages.count == (size == 51866 ? 100 : 99))
  }
}
