import ArgumentParser
import Diagnosis
import EncoderModel
import Report

/// `encoder-diff explain DUMP AUDIO`: the causes in a foreign dump, proved.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Name the causes of a divergence, and prove them by reproducing it.",
    discussion: """
      Applies known faults to the reference until one reproduces the candidate's values down to \
      rounding. A dump may hold all taps, some, the output alone, or only the mel.

      Examples:
        encoder-diff explain stranger.safetensors speech.wav --model whisper-tiny/
        encoder-diff explain their-mel.npy speech.wav
        encoder-diff explain speech.wav --backend graph --inject gelu-tanh
      """)

  @Argument(
    help: ArgumentHelp(
      "A dump and the audio it was made from; with --backend the audio alone. --mel FILE stands "
        + "for the audio.", valueName: "dump audio"))
  var files: [String] = []

  @Option(
    help: ArgumentHelp("The mel that the dump was made from, instead of audio.", valueName: "file"))
  var mel: String?

  @Option(help: ArgumentHelp("Which window of long audio: a number from 0.", valueName: "n"))
  var window: String = "0"

  @Option(
    help: ArgumentHelp(
      "Explain a backend of this program instead of a dump.", valueName: "name"))
  var backend: String?

  @Option(
    help: ArgumentHelp(
      "Put a fault into the backend: FAULT[=VALUE][@TAP]; may be repeated.", valueName: "fault"))
  var inject: [String] = []

  @Option(
    help: ArgumentHelp(
      "Which tensor of the dump is which tap, as 'encoder-diff align' writes it.",
      valueName: "file"))
  var mapping: String?

  @Option(
    help: ArgumentHelp(
      "A precision that the port declares (bf16, f16, tf32, int8, int4, fp8-e4m3, …): named, but no failure.",
      valueName: "format"))
  var expect: String?

  @Option(
    help: ArgumentHelp(
      "Seconds for each search of pairs or of whole encoders.", valueName: "seconds"))
  var budget: Double = 30

  @Option(help: ArgumentHelp("Threads; all processors by default.", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("Write a findings log in Markdown.", valueName: "file"))
  var markdown: String?

  @Flag(help: "Show what is left, and the text, once every named cause is repaired.")
  var verifyFix = false

  @Flag(help: "Fail on benign differences too.")
  var strict = false

  @OptionGroup var taps: TapOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var page: PageOptions

  func validate() throws {
    if let threads, threads < 1 || threads > 1024 {
      throw ValidationError("--threads takes a number from 1 to 1024, not \(threads)")
    }
    guard budget > 0, budget.isFinite else {
      throw ValidationError("--budget takes a number of seconds, not \(budget)")
    }
  }

  func run() throws {
    let bench = try Workbench(model, threads: threads)
    let session = try ExplainSession(self, bench: bench)
    try requireWritable(
      [output.jsonFile, page.html, markdown], inputs: files + [mel, mapping, model.model])
    let progress = Progress(isQuiet: output.quiet || output.jsonTakesOutput)
    let explanation = try output.log.timed("explain") { try session.explain(progress) }
    progress.clear()
    var report = ExplainReport(
      model: bench.identity, input: session.input.identity, explanation: explanation,
      injected: session.faults, transcript: session.transcript(explanation, model: bench.model),
      isStrict: strict, verifiesFix: verifyFix)
    output.print(report.lines(output.canvas, isQuiet: output.quiet))
    try output.write(json: report.json)
    report.comparison = try session.comparison(page, progress)
    try page.write(report.page)
    if let markdown { try writeFile(markdown, report.markdown) }
    try (report.isDivergent ? Outcome.divergence : .parity).leave()
  }
}
