import ArgumentParser
import EncoderModel
import Report

/// `encoder-diff model PATH`: what a checkpoint holds, without running anything.
struct Model: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a checkpoint holds: format, sizes, element types, tokenizer.",
    discussion: """
      The encoder hash is that of the weights as Float32: equal weights have equal hashes, whatever \
      the format.

      Examples:
        encoder-diff model whisper-tiny/
        encoder-diff model ggml-base-q5_1.bin --json -
      """)

  @Argument(
    help: ArgumentHelp(
      "A Hugging Face folder, .pt, ggml .bin, .onnx, .safetensors or synthetic:SIZE; the shipped "
        + "model where none is named.", valueName: "model"))
  var model: String?

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp("The same, as other commands take it.", valueName: "model"))
  var namedModel: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if model != nil, namedModel != nil {
      throw ValidationError("name the model once: as the argument or with --model")
    }
  }

  func run() throws {
    let path = model ?? namedModel
    let summary = ModelSummary(try ModelLoader.load(path ?? ModelLoader.defaultModelPath()))
    let canvas = output.canvas
    let width = summary.rows.map(\.label.count).max() ?? 0
    output.print(
      summary.rows.map { row in
        let space = String(repeating: " ", count: width - row.label.count)
        return canvas.styled(row.label, .dim) + space + "  " + row.value
      })
    try output.write(json: summary.json)
  }
}
