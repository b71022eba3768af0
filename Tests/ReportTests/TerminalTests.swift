import Testing

@testable import Report

/// Text for terminals of every width.
struct TerminalTests {
  private static let sentence =
    "graph: divergent, introduced first at encoder.blocks.1 (structural: relative L2 0.013)"

  @Test("lines break between words", arguments: [20, 31, 60, 85])
  func wrapping(width: Int) {
    let lines = LineWrap.wrapped([Self.sentence], width: width)
    #expect(lines.count > 1)
    #expect(lines.allSatisfy { $0.count <= width })
    let words = lines.flatMap { $0.split(separator: " ") }
    #expect(words == Self.sentence.split(separator: " "))
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("  ") })
  }

  @Test("lines that fit, and lines of files, stay as they are")
  func untouched() {
    #expect(LineWrap.wrapped([Self.sentence], width: nil) == [Self.sentence])
    #expect(LineWrap.wrapped(["a  b", ""], width: 20) == ["a  b", ""])
  }

  @Test("continuations stand right of a label")
  func labels() {
    let lines = LineWrap.wrapped(["model  one two three four five six seven"], width: 24)
    #expect(lines == ["model  one two three", "       four five six", "       seven"])
  }

  @Test("colour has no width")
  func colour() {
    let red = Style.bad.apply("divergent", isColored: true)
    #expect(LineWrap.wrapped(["graph: \(red) here"], width: 21) == ["graph: \(red) here"])
    #expect(LineWrap.wrapped(["graph: \(red) here and"], width: 21).count == 2)
  }

  @Test("a word longer than the line stays whole")
  func longWord() {
    let word = String(repeating: "x", count: 40)
    #expect(LineWrap.wrapped(["a \(word) b"], width: 20) == ["a", "  \(word)", "  b"])
  }

  private static let table = {
    var table = TextTable([
      .init("tap", .left), .init("bias", expendability: 2), .init("rel L2"),
      .init("verdict", .left),
    ])
    table.add([
      .init("encoder.conv1"), .init("1.0e-8"), .init("2.9e-7"),
      .init("structural: the difference has rank one and lies in few frames"),
    ])
    return table
  }()

  @Test("tables fit, and lose no word of their last column", arguments: [48, 56, 64, 80, 100])
  func tables(width: Int) {
    let lines = Self.table.lines(TextCanvas(width: width))
    #expect(lines.allSatisfy { $0.count <= width })
    let text = lines.joined(separator: " ")
    for word in "structural: the difference has rank one and lies in few frames 2.9e-7".split(
      separator: " ")
    {
      #expect(text.contains(word))
    }
    #expect(text.contains("1.0e-8") == (width >= 57))
  }

  @Test("a table without a terminal has a line a row")
  func files() {
    #expect(Self.table.lines(TextCanvas()).count == 2)
  }

  @Test("a sparkline that is too long shows the largest of neighbours")
  func sparkline() {
    var values = [Double?](repeating: 1e-8, count: 400)
    values[257] = 1
    let all = Sparkline.logarithmic(values, floor: 1e-8, ceiling: 1)
    #expect(all.count == 400)
    let short = Sparkline.logarithmic(values, floor: 1e-8, ceiling: 1, width: 40)
    #expect(short.count == 40)
    #expect(short.filter { $0 == "█" }.count == 1)
    #expect(Array(short)[25] == "█")
  }
}
