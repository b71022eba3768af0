import ArgumentParser
import Report
import TensorIO

/// Where results go and how they look.
struct OutputOptions: ParsableArguments {
  enum LogFormat: String, ExpressibleByArgument, CaseIterable { case text, json }
  enum ColorChoice: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

  @Option(
    name: .long, parsing: .next,
    help: ArgumentHelp(
      "Write the result as JSON to FILE; '-' is standard output.", valueName: "file"))
  var json: String?

  @Option(help: "Colour in the terminal: auto, always or never. NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  @Flag(name: .shortAndLong, help: "Sentences only: no tables, no progress.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "More detail, and the time of every stage on standard error.")
  var verbose = false

  @Option(
    help: ArgumentHelp(
      "Log the time of every stage to standard error: text, or json for an event a line.",
      valueName: "format"))
  var logFormat: LogFormat?

  /// Times of stages; says nothing unless asked.
  var log: StageLog {
    StageLog(isWanted: verbose || logFormat != nil, isJSON: logFormat == .json)
  }

  /// What text renderers may assume.
  var canvas: TextCanvas {
    let isColored =
      switch color {
      case .always: true
      case .never: false
      case .auto:
        Console.outputIsTerminal && (Console.environment("NO_COLOR") ?? "").isEmpty
          && Console.environment("TERM") != "dumb"
      }
    return TextCanvas(isColored: isColored, width: Console.outputWidth, isVerbose: verbose)
  }

  /// The file that `--json` names; `nil` where it is standard output.
  var jsonFile: String? { json == "-" ? nil : json }

  /// Whether standard output belongs to the JSON document.
  var jsonTakesOutput: Bool { json == "-" }

  /// Prints text, broken where the terminal ends, unless standard output belongs to the JSON
  /// document.
  func print(_ lines: [String]) {
    guard !jsonTakesOutput, !lines.isEmpty else { return }
    Console.print(
      LineWrap.wrapped(lines, width: Console.outputWidth).joined(separator: "\n"))
  }

  /// Writes the JSON document where `--json` says.
  func write(json document: @autoclosure () -> JSONValue) throws {
    guard let json else { return }
    let text = document().indentedText
    if json == "-" { return Console.printRaw(text) }
    try writeFile(json, text)
  }
}

/// Writes a text file; the old one stays until the new one is complete.
func writeFile(_ path: String, _ text: String) throws {
  let file = try AtomicFile(path)
  try file.append(Array(text.utf8))
  try file.commit()
}
