/// Damaged tokenizer files end in one clear line.
import Foundation
import Testing
import Transcription

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Fixtures/malformed").standardizedFileURL.path

private func files(_ reader: String) -> [String] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(reader)")) ?? []
  return names.sorted().map { "\(root)/\(reader)/\($0)" }
}

@Suite struct MalformedTokenizerTests {
  /// A vocabulary may be odd and yet readable: then it has to decode every id of its own.
  @Test(
    "tokenizer.json, vocab.json and tiktoken", arguments: files("tokenizer") + files("tiktoken"))
  func tokenizers(path: String) {
    let isTokenizer = path.hasSuffix(".json")
    do {
      let tokenizer = try TokenizerLoader.load(path, vocabularySize: isTokenizer ? 10 : 2)
      let ids = Array(0..<tokenizer.numTokens)
      let names = ids.map { tokenizer.name(of: $0) }
      #expect(names.allSatisfy { !$0.isEmpty || path.contains("/vocabulary-empty") }, "\(names)")
      #expect(!tokenizer.decode(ids).contains("\0"))
    } catch {
      #expect(!path.contains("/good"), "\(error)")
      #expect(!"\(error)".contains("\n"))
    }
  }
}
