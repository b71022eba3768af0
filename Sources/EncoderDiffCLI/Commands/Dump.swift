import ArgumentParser
import Diagnosis
import EncoderModel
import Report
import TensorCore
import TensorIO

/// `encoder-diff dump AUDIO --backend B -o FILE`: the taps of one encoder, in its own element type.
struct Dump: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the taps of one encoder to a file.",
    discussion: """
      Examples:
        encoder-diff dump speech.flac --backend reference -o reference.safetensors
        encoder-diff dump speech.flac --backend graph --taps layers -o layers.npz
        encoder-diff dump speech.flac -o taps/ --json -
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var taps: TapOptions

  @Option(
    help: ArgumentHelp(
      "reference, reference:f32, blas, graph, graph:unfused, graph:avx2 …", valueName: "name"))
  var backend: String = "reference"

  @Option(
    help: ArgumentHelp(
      "Put a fault into the encoder: FAULT[=VALUE][@TAP]; may be repeated.", valueName: "fault"))
  var inject: [String] = []

  @Option(help: ArgumentHelp("Threads; all processors by default.", valueName: "n"))
  var threads: Int?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp(
      "Where to write: .safetensors, .npz, or a folder of .npy.", valueName: "file"))
  var file: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let bench = try Workbench(model, threads: threads)
    let injection = try Injection(inject, program: bench.model.program)
    let wanted = Set(try bench.selection(taps.taps).names(in: bench.model.program))
    let encoder = try bench.backend(backend, program: injection.program)
    let source = try EncoderInput(input, dimensions: bench.model.dimensions)
    guard let window = source.windows.first, source.windows.count == 1 else {
      throw UsageError("a dump holds one window; give --window N, not 'all'")
    }
    let read = [input.audio, input.mel, model.model]
    try requireNoInput(file, among: read)
    try requireWritable([output.jsonFile], inputs: read + [file])
    let writer = try makeDumpWriter(file)
    writer.metadata = DumpIdentity.metadata(
      backend: encoder.name, faults: injection.names, model: bench.identity,
      input: source.identity, window: window.index)
    var report = DumpReport(
      file: file, backend: encoder.name, faults: injection.names, model: bench.identity,
      input: source.identity, window: window.index)
    let isTold = output.verbose || output.json != nil
    let mel = try injection.frontEnd.map { try source.mel(window: window.index, options: $0) }
    try output.log.timed("dump") {
      _ = try encoder.encode(mel: mel ?? window.mel, observing: wanted) { tap, value in
        try writer.write(value, named: tap)
        if isTold { report.add(tap, value) }
      }
      try writer.finish()
    }
    if output.verbose { output.print(report.lines(output.canvas)) }
    try output.write(json: report.json)
  }
}
