import ArgumentParser
import Faults
import Report
import TensorIO

/// The `encoder-diff` command: parses, composes the modules, exits like diff.
@main
struct EncoderDiff: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encoder-diff",
    abstract: "The parity debugger for Whisper encoders.",
    discussion: """
      Runs independent encoders over the same audio, compares every intermediate tensor, says where \
      an error is introduced, proves its cause, and whether it matters to the transcript.

      Exit status: 0 parity, 1 divergence, 2 trouble.
      """,
    version: "encoder-diff \(productVersion)",
    subcommands: [
      Run.self, Transcribe.self, Dump.self, Compare.self, Explain.self, Check.self, Sweep.self,
      Merge.self, Align.self, Faults.self, Model.self, Bench.self, PrintGraph.self,
      MutationScoreCommand.self, Bisect.self, Score.self,
    ],
    defaultSubcommand: Run.self)

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let outcome as Outcome {
      endProgram(outcome.rawValue)
    } catch {
      if exitCode(for: error) == .success {
        Console.print(fullMessage(for: error))
        endProgram(0)
      }
      Console.complain(message(of: error))
      endProgram(Outcome.trouble.rawValue)
    }
  }

  /// One line, whatever was thrown.
  private static func message(of error: any Error) -> String {
    guard isFromParser(error) else { return "\(error)".printable }
    let arguments = CommandLine.arguments.dropFirst()
    if let advice = adviceOnCommand(arguments) { return advice.printable }
    let text = message(for: error)
    if text.contains("Missing value"), let advice = adviceOnNegative(arguments) {
      return advice.printable
    }
    return (text.split(separator: "\n").first.map(String.init) ?? text).printable
  }

  /// A misspelt command makes the parser complain of what follows it; `nil` where the first argument
  /// may be meant as it stands.
  private static func adviceOnCommand(_ arguments: ArraySlice<String>) -> String? {
    let commands = configuration.subcommands.map { $0._commandName }
    guard let first = arguments.first, !commands.contains(first), first != "help",
      first.allSatisfy({ $0.isLowercase || $0 == "-" }), !first.hasPrefix("-"),
      realPath(first) == nil, let nearest = nearestName(to: first, among: commands)
    else { return nil }
    return "\(first): no such file or command; did you mean '\(nearest)'?"
  }

  /// A negative number makes the parser complain that the option before it has no value; `nil` where
  /// there is none.
  private static func adviceOnNegative(_ arguments: ArraySlice<String>) -> String? {
    for (option, value) in zip(arguments, arguments.dropFirst())
    where option.hasPrefix("--") && value.hasPrefix("-") && Double(value) != nil {
      return "\(option) takes no negative number, but '\(value)' was given"
    }
    return nil
  }

  private static func isFromParser(_ error: any Error) -> Bool {
    error is ValidationError || error is CleanExit || "\(type(of: error))".hasPrefix("CommandError")
      || "\(type(of: error))".hasPrefix("ParserError")
  }
}

/// The version of this source.
let productVersion = "1.0.0"
