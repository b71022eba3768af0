import ArgumentParser
import Diagnosis
import EncoderModel
import Parity
import Regression
import Report
import TensorIO

/// `encoder-diff sweep MANIFEST --out part.jsonl`: one machine's share of a corpus.
struct Sweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare encoders over a corpus, or a shard of it; 'merge' sums up the parts.",
    discussion: """
      MANIFEST holds a path a line, relative to its own folder. Every window of every file becomes \
      a line of the part, written when it is complete: started again after a kill, the sweep goes \
      on where it stood. The part's first line says what is compared; a part of another model, other \
      backends, faults or taps is refused.

      Examples:
        encoder-diff sweep corpus.txt --out part.jsonl
        seq 8 | parallel \\
          encoder-diff sweep corpus.txt --threads 1 --shard {}/8 --out part-{}.jsonl
        encoder-diff merge part-*.jsonl
      """)

  @Argument(help: ArgumentHelp("A text file with a path a line.", valueName: "manifest"))
  var manifest: String

  @Option(help: ArgumentHelp("Only every N-th file, from the I-th.", valueName: "I/N"))
  var shard: String?

  @Option(name: .customLong("out"), help: ArgumentHelp("The part to write to.", valueName: "file"))
  var part: String

  @OptionGroup var model: ModelOptions
  @OptionGroup var backends: BackendOptions
  @OptionGroup var taps: TapOptions

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let shard, Shard(parsing: shard) == nil {
      throw ValidationError("--shard takes I/N with I from 1 to N, not '\(shard)'")
    }
  }

  func run() throws {
    let corpus = try SweepManifest(manifest)
    let read = [manifest, model.model] + corpus.inputs.map(\.path)
    try requireNoInput(part, among: read)
    try requireWritable([output.jsonFile], inputs: read + [part])
    let chosen = shard.flatMap { Shard(parsing: $0) }
    let inputs = chosen?.part(of: corpus.inputs) ?? corpus.inputs
    let bench = try Workbench(model, threads: backends.threads)
    let injection = try Injection(backends.inject, program: bench.model.program)
    let sides = try Sides(backends.backends, injection: injection, bench: bench)
    let selection = try bench.selection(taps.taps)
    try openPart(
      part,
      SweepSettings(
        model: bench.identity.name, encoderWeightsHash: bench.identity.encoderWeightsHash,
        reference: sides.reference.name, candidates: sides.names, faults: injection.names,
        taps: taps.taps))
    let before = try SweepProgress(part: part)
    var report = SweepRunReport(
      manifest: manifest, part: part, shard: chosen, model: bench.identity,
      reference: sides.reference.name, candidates: sides.names, numFiles: inputs.count,
      numDone: inputs.count { before.isDone($0.name) })
    let progress = Progress(isQuiet: output.quiet)
    for (number, input) in inputs.enumerated() where !before.isDone(input.name) {
      progress.show(input.name, Double(number) / Double(inputs.count))
      do {
        let source = try EncoderInput(
          audio: input.path, melFile: nil, window: "all", dimensions: bench.model.dimensions)
        for window in source.windows where !before.isDone(input.name, window: window.index) {
          let result = try EncoderComparison(
            reference: sides.reference, judge: bench.judge(),
            candidates: sides.candidates(window: window.index, input: source),
            selection: selection
          ).run(mel: window.mel)
          output.log.stages(result.timings, window: window.index)
          try write(
            SweepLine(
              input: input.name, window: window.index, numWindows: source.windows.count,
              results: result.candidates), &report)
        }
      } catch let error as TensorIOError where error.path == part {
        throw error
      } catch {
        try write(SweepLine(input: input.name, trouble: "\(error)"), &report)
      }
    }
    progress.clear()
    try finish(report)
  }

  private func write(_ line: SweepLine, _ report: inout SweepRunReport) throws {
    try appendToFile(part, line.text + "\n")
    report.add(line)
  }

  private func finish(_ report: SweepRunReport) throws {
    if let complaint = report.complaint { Console.complain(complaint) }
    output.print([report.sentence])
    try output.write(json: report.json)
    if !report.divergent.isEmpty { try Outcome.divergence.leave() }
    if !report.troubles.isEmpty { try Outcome.trouble.leave() }
  }
}
