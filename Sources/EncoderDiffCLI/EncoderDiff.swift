import ArgumentParser

/// The `encoder-diff` command: parses, composes the modules, exits like diff.
@main
struct EncoderDiff: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "encoder-diff")
}
