import ArgumentParser
import Diagnosis
import EncoderModel
import Parity
import Report
import TensorCore
import TensorIO

/// `encoder-diff bisect AUDIO`: the operations that introduce the error, in order.
struct Bisect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the operations that introduce an error, in order, with the evidence.",
    discussion: """
      Examples:
        encoder-diff bisect speech.flac --backend graph --inject gelu-tanh
        encoder-diff bisect speech.flac --dump port.npz
        encoder-diff bisect speech.flac \\
          --command 'python port.py --mel {mel} --out {dump} --taps {taps}'
        encoder-diff bisect speech.flac --python port:encode
        encoder-diff bisect speech.flac --isolate encoder.blocks.0.attn_ln

      A command is given the mel as .npy [frames, mels], writes the taps it is asked for into {dump}, \
      an .npz of arrays under tap names or those of a known engine, and is asked for few: log₂ of \
      the number of operations is how often it runs. Taps that it does not have it leaves out, but \
      for encoder.ln_post. A Python function is called as function(mel, taps) and returns a dictionary \
      of arrays.
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var judging: JudgingOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var page: PageOptions

  @Option(
    help: ArgumentHelp("reference:f32, blas, graph, graph:unfused, graph:avx2 …", valueName: "name")
  )
  var backend: String?

  @Option(
    help: ArgumentHelp(
      "Put a fault into the backend: FAULT[=VALUE][@TAP]; may be repeated.", valueName: "fault"))
  var inject: [String] = []

  @Option(help: ArgumentHelp("A dump of the implementation's taps.", valueName: "file"))
  var dump: String?

  @Option(
    help: ArgumentHelp(
      "A mapping file of 'align' for the names in the dump or in the command's dumps.",
      valueName: "file"))
  var mapping: String?

  @Option(
    help: ArgumentHelp(
      "A program to run, with {mel}, {dump} and {taps} in its place.", valueName: "command"))
  var command: String?

  @Option(
    help: ArgumentHelp(
      "A Python function to call instead: of a module in this folder or on Python's path.",
      valueName: "module:function"))
  var python: String?

  @Option(help: ArgumentHelp("Seconds that one run of the command may take.", valueName: "s"))
  var timeout: Double = 600

  @Option(help: ArgumentHelp("How often a failing command is tried again.", valueName: "n"))
  var retries: Int = 2

  @Option(
    help: ArgumentHelp(
      "Run one operation of every backend on the same input, from the audio and made up.",
      valueName: "tap"))
  var isolate: String?

  @Flag(help: "Say how the error of the output divides among the operations.")
  var budget = false

  func validate() throws {
    let modes = [backend, dump, command, python, isolate].compactMap { $0 }.count
    guard modes == 1 else {
      throw ValidationError("give one of --backend, --dump, --command, --python and --isolate")
    }
    guard inject.isEmpty || backend != nil else {
      throw ValidationError("--inject acts on the backend that --backend names")
    }
    guard mapping == nil || dump != nil || command != nil || python != nil else {
      throw ValidationError("--mapping names the tensors of --dump, --command or --python")
    }
    guard !budget || backend != nil || dump != nil else {
      throw ValidationError("--budget takes every tap: give it with --backend or --dump")
    }
    guard timeout > 0, timeout.isFinite, retries >= 0, retries <= 100 else {
      throw ValidationError("--timeout takes seconds above 0, --retries a number from 0 to 100")
    }
  }

  func run() throws {
    let bench = try Workbench(model)
    let source = try EncoderInput(input, dimensions: bench.model.dimensions)
    guard let window = source.windows.first, source.windows.count == 1 else {
      throw UsageError("bisect looks at one window; give --window N, not 'all'")
    }
    try requireWritable(
      [output.jsonFile, page.html], inputs: [input.audio, input.mel, dump, mapping, model.model])
    let session = BisectSession(
      bench: bench, judge: try bench.judge(judging), input: source, mel: window.mel,
      progress: Progress(isQuiet: output.quiet),
      watcher: page.watcher(numCandidates: 1, dimensions: bench.model.dimensions))
    if let isolate {
      let report = try output.log.timed("isolate", about: ["tap": isolate]) {
        try session.isolation(of: isolate)
      }
      output.print(report.lines(output.canvas))
      try output.write(json: report.json)
      return try (report.isSound ? Outcome.parity : .divergence).leave()
    }
    let report = try output.log.timed("bisect") { try culprits(session) }
    output.print(report.lines(output.canvas))
    try output.write(json: report.json)
    try page.write(report.page)
    try (report.result.verdict == .parity ? Outcome.parity : .divergence).leave()
  }

  /// The live implementation; `nil` where there is none.
  private func external() throws -> ExternalCommand? {
    if let python {
      return try PythonFunction(parsing: python)
        .command(timeoutSeconds: timeout, retries: retries)
    }
    return command.map { ExternalCommand($0, timeoutSeconds: timeout, retries: retries) }
  }

  private func culprits(_ session: BisectSession) throws -> BisectReport {
    if let external = try external() {
      return try session.narrowing(
        external, mapping: mapping, allowMissing: judging.allowMissing)
    }
    if let dump { return try session.dump(dump, mapping: mapping, withBudget: budget) }
    let injection = try Injection(inject, program: session.bench.model.program)
    guard injection.frontEnd == nil else {
      throw UsageError("bisect starts from the mel; faults of the front-end are explain's")
    }
    return try session.backend(
      backend ?? "graph", injection: injection, withBudget: budget)
  }
}
