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
      on where it stood.

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

  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    if let shard, Shard(parsing: shard) == nil {
      throw ValidationError("--shard takes I/N with I from 1 to N, not '\(shard)'")
    }
  }

  func run() throws {
    let corpus = try SweepManifest(manifest)
    try requireNoInput(part, among: [manifest, model.model] + corpus.inputs.map(\.path))
    let inputs = shard.flatMap { Shard(parsing: $0) }?.part(of: corpus.inputs) ?? corpus.inputs
    let bench = try Workbench(model, threads: backends.threads)
    let injection = try Injection(backends.inject, program: bench.model.program)
    let sides = try Sides(backends.backends, injection: injection, bench: bench)
    let selection = try bench.selection(taps.taps)
    // A line that a kill cut off must not run into the next one.
    if isRegularFile(part) { try dropTornLine(part) } else { try appendToFile(part, "") }
    let before = try SweepProgress(part: part)
    let progress = Progress(isQuiet: quiet)
    var counts = (windows: 0, divergent: 0, troubles: 0)
    var firstTrouble: String?
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
          try write(input.name, window.index, of: source.windows.count, result)
          counts.windows += 1
          if result.verdict != .parity { counts.divergent += 1 }
        }
      } catch {
        counts.troubles += 1
        firstTrouble = firstTrouble ?? "\(error)"
        try appendToFile(part, SweepLine(input: input.name, trouble: "\(error)").text + "\n")
      }
    }
    progress.clear()
    if let firstTrouble {
      let others = counts.troubles - 1
      Console.complain(
        "not compared: \(firstTrouble)"
          + (others > 0 ? "; and \(others) more, see 'trouble' in \(part)" : ""))
    }
    try finish(counts, skipped: inputs.count { before.isDone($0.name) })
  }

  private func write(
    _ input: String, _ window: Int, of numWindows: Int, _ result: ComparisonResult
  ) throws {
    let line = SweepLine(
      input: input, window: window, numWindows: numWindows, results: result.candidates)
    try appendToFile(part, line.text + "\n")
  }

  private func finish(
    _ counts: (windows: Int, divergent: Int, troubles: Int), skipped: Int
  ) throws {
    var text =
      "\(Numbers.counted(counts.windows, "window")) written to \(part), "
      + "\(counts.divergent) not at parity"
    if skipped > 0 { text += "; \(Numbers.counted(skipped, "file")) done before" }
    if counts.troubles > 0 { text += "; \(counts.troubles) files could not be compared" }
    Console.print(text)
    if counts.divergent > 0 { try Outcome.divergence.leave() }
    if counts.troubles > 0 { try Outcome.trouble.leave() }
  }
}
