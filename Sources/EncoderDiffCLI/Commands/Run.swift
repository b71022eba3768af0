import ArgumentParser
import Diagnosis
import EncoderModel
import Parity
import Report
import TensorCore
import TensorIO

/// `encoder-diff [run] AUDIO`: every tap of every backend, judged.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare encoders over audio, tap by tap (the default command).",
    discussion: """
      Examples:
        encoder-diff speech.flac
        encoder-diff speech.flac --model whisper-tiny/ --taps layers
        encoder-diff speech.flac --inject ln-post-missing
        encoder-diff --mel mel.npy --backends reference,graph --json -
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var backends: BackendOptions
  @OptionGroup var taps: TapOptions
  @OptionGroup var judging: JudgingOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var page: PageOptions

  @Option(
    help: ArgumentHelp(
      "Write every tap of every backend into this folder, a .safetensors file a backend.",
      valueName: "folder"))
  var dump: String?

  @Flag(
    inversion: .prefixedNo, help: "What the errors do to the text, where the model has a decoder.")
  var transcript = true

  @Flag(help: "Say how the error of the output divides among the operations.")
  var budget = false

  @Flag(help: "Run all of every encoder a second time, and measure how each stage amplifies noise.")
  var thorough = false

  func run() throws {
    try input.requireNoCommand()
    let bench = try Workbench(model, threads: backends.threads)
    let injection = try Injection(backends.inject, program: bench.model.program)
    let selection = try bench.selection(taps.taps)
    let sides = try Sides(backends.backends, injection: injection, bench: bench)
    let source = try EncoderInput(input, dimensions: bench.model.dimensions)
    // Pages and documents may stand in the folder of the dumps; a run that fails leaves no empty one.
    let madeFolders = try dump.map { try makeFolder($0) } ?? []
    defer { removeEmptyFolders(madeFolders) }
    try requireWritable(
      [output.jsonFile, page.html], inputs: [input.audio, input.mel, model.model])
    let progress = Progress(isQuiet: output.quiet)
    var windows: [WindowReport] = []
    var inquiry = Inquiry(
      bench: bench, reference: sides.reference, withBudget: budget, isThorough: thorough)
    var outputs = EncoderOutputs(reference: sides.reference.name)
    var watcher = page.watcher(numCandidates: sides.names.count, dimensions: bench.model.dimensions)
    for window in source.windows {
      let candidates = try sides.candidates(window: window.index, input: source)
      let comparison = EncoderComparison(
        reference: sides.reference, judge: try bench.judge(judging), candidates: candidates,
        selection: selection)
      let dumps = try dump.map {
        try DumpFolder(
          $0, window: source.windows.count > 1 ? window.index : nil, sides: sides,
          identity: (bench.identity, source.identity))
      }
      let result = try comparison.run(
        mel: window.mel, progress: progress.show,
        introduced: { watcher?.see($0, introduced: $1) }
      ) {
        try dumps?.write($0, tap: $1, $2)
        watcher?.see($0, $1, $2)
      }
      watcher?.finishWindow(result.verdict)
      output.log.stages(result.timings, window: window.index)
      try dumps?.finish()
      windows.append(WindowReport(index: window.index, result: result))
      outputs.add(result)
      try inquiry.add(result, mel: window.mel, candidates: candidates, progress: progress)
    }
    progress.clear()
    var report = RunReport(
      model: bench.identity, input: source.identity, reference: sides.reference.name,
      windows: windows, backendNotes: sides.notes)
    report.inquiry = inquiry.findings
    if transcript { report.transcript = outputs.section(bench.model) }
    try finish(report, watcher?.details(sides: sides, mel: source.windows.first?.mel))
  }

  /// Prints and writes everything, and leaves with the verdict.
  private func finish(_ report: RunReport, _ details: ComparisonDetails?) throws {
    output.print(report.lines(output.canvas, isQuiet: output.quiet))
    try output.write(json: report.json)
    try page.write(report.page(details: details))
    if let trouble = report.trouble(allowMissing: judging.allowMissing) {
      throw UsageError(trouble)
    }
    try (report.verdict == .parity ? Outcome.parity : .divergence).leave()
  }
}
