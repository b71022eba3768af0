import Testing

@testable import Report

/// Words and numbers as they stand in results.
struct TextTests {
  @Test(
    "text that controls a terminal is shown, not obeyed",
    arguments: [
      ("plain.wav", "plain.wav"), ("\u{FC}n\u{EF} \u{6570}.wav", "\u{FC}n\u{EF} \u{6570}.wav"),
      ("two\nlines", "two\\nlines"), ("red\u{1B}[31m", "red\\u{1b}[31m"), ("a\tb\rc", "a\\tb\\rc"),
      ("gpj\u{202E}.wav", "gpj\\u{202e}.wav"), ("\u{9B}31m", "\\u{9b}31m"), ("", ""),
    ])
  func printable(text: String, shown: String) {
    #expect(text.printable == shown)
  }

  @Test(
    "counts agree with their nouns",
    arguments: [(0, "0 windows"), (1, "1 window"), (2, "2 windows"), (12_000, "12,000 windows")])
  func counted(count: Int, text: String) {
    #expect(Numbers.counted(count, "window") == text)
  }
}
