import ArgumentParser
import EncoderModel
import ForeignDumps
import Report
import TensorIO

/// `encoder-diff align DUMP [AUDIO]`: which tensor of a foreign dump is which tap, and how it lies.
struct Align: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the taps in another implementation's dump and write a mapping file.",
    discussion: """
      Names of OpenAI, Hugging Face, whisper.cpp, ONNX and MAX are known. Other tensors are \
      recognised by their values, with batch axes, transposes, split heads, fused projections, \
      padded frames, scales and reversed time undone: for that the same audio or mel is needed, or \
      a dump that holds its mel. What could be two taps is shown, not guessed. Exit status 1 says \
      that something is ambiguous.

      Examples:
        encoder-diff align dump.npz speech.flac --model whisper-tiny/
        encoder-diff align dump/ --mel mel.npy -o mapping.json
        encoder-diff compare reference.safetensors dump.npz --mapping mapping.json
      """)

  @Argument(
    help: ArgumentHelp("A .safetensors, .npz or .npy file, or a folder.", valueName: "dump"))
  var dump: String

  @OptionGroup var input: InputOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var output: OutputOptions

  @Option(
    help: ArgumentHelp("A mapping file to start from; it outranks all else.", valueName: "file"))
  var mapping: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write what was found as a mapping file.", valueName: "file"))
  var outputFile: String?

  func run() throws {
    let bench = try Workbench(model)
    let foreign = try ForeignDump(dump, mapping: mapping, bench: bench)
    let progress = Progress(isQuiet: output.quiet)
    let mel = try foreign.mel(input)
    let aligned = try foreign.aligned(mel: mel, progress: progress)
    progress.clear()
    guard !aligned.alignments.isEmpty else {
      throw UsageError(
        "\(dump): holds no tap of \(bench.model.name); is it a dump of this model"
          + (mel == nil ? "? Give the audio or --mel too: then values are compared" : " and audio?")
      )
    }
    var lines = aligned.lines(isBrief: output.quiet)
    if mel == nil {
      lines.append("by names and shapes alone; with audio or --mel values are compared too")
    }
    output.print(lines)
    try output.write(json: aligned.json)
    if let outputFile { try DumpMapping(aligned).write(to: outputFile) }
    try (aligned.ambiguities.isEmpty ? Outcome.parity : .divergence).leave()
  }
}
