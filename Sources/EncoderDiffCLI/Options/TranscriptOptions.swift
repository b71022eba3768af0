import ArgumentParser
import Transcription

extension TranscriptionOptions.Task: ExpressibleByArgument {}

/// How encoder outputs become text.
struct TranscriptOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Beam search that keeps this many texts; greedy without.", valueName: "n"))
  var beam: Int?

  @Option(
    help: ArgumentHelp(
      "The language's code, such as 'de'; detected from the reference encoder where it is open.",
      valueName: "code"))
  var language: String?

  @Option(help: "transcribe or translate.")
  var task: TranscriptionOptions.Task = .transcribe

  @Flag(help: "Sample points in time too.")
  var timestamps = false

  @Option(
    help: ArgumentHelp("Text that is taken to have been said before.", valueName: "text"))
  var prompt: String?

  @Option(
    help: ArgumentHelp(
      "tokenizer.json, vocab.json, a .tiktoken file, or a folder with one; the checkpoint's own "
        + "without.", valueName: "file"))
  var tokenizer: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What was really said; every encoder gets its word error rate.", valueName: "text")
  )
  var referenceText: String?

  var options: TranscriptionOptions {
    var options = TranscriptionOptions()
    if let beam { options.strategy = .beam(size: beam) }
    options.language = language
    options.task = task
    options.hasTimestamps = timestamps
    options.previousText = prompt
    return options
  }
}
