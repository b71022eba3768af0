import ArgumentParser
import AudioFrontEnd
import Diagnosis
import EncoderModel
import Faults
import Report

/// `encoder-diff mutation-score AUDIO…`: how often the right cause is named.
struct MutationScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mutation-score",
    abstract: "Inject every fault and count how often it is named.",
    discussion: """
      Every fault at its first, middle and last site, with a listed value and with a random one, \
      over each audio file; pairs; front-end faults; and sound backends, in which nothing may be \
      found.

      Examples:
        encoder-diff mutation-score speech.wav --seed 7 -v
        encoder-diff mutation-score a.wav b.wav --every 10 --sets ops
      """)

  @Argument(help: "Audio files.")
  var audio: [String] = []

  @Option(
    help: ArgumentHelp(
      "What the faulty encoders show: of ops, layers, output, mel.", valueName: "list"))
  var sets: String = "ops,layers,output,mel"

  @Option(help: ArgumentHelp("Pairs of faults for each audio file.", valueName: "n"))
  var pairs: Int = 0

  @Option(help: ArgumentHelp("Take every n-th case.", valueName: "n"))
  var every: Int = 1

  @Option(help: ArgumentHelp("What random values and pairs are drawn from.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    name: [.customLong("only"), .customLong("fault")],
    help: ArgumentHelp("Only faults whose name contains this.", valueName: "text"))
  var only: String?

  @Option(help: ArgumentHelp("Seconds for each search.", valueName: "seconds"))
  var budget: Double = 120

  @Option(help: ArgumentHelp("Threads; all processors by default.", valueName: "n"))
  var threads: Int?

  @OptionGroup var model: ModelOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard every > 0, pairs >= 0, budget > 0, threads.map({ 1...1024 ~= $0 }) ?? true else {
      throw ValidationError("--every, --budget and --threads take numbers above 0")
    }
  }

  func run() throws {
    guard !audio.isEmpty else { throw UsageError("name the audio files to inject faults over") }
    let bench = try Workbench(model, threads: threads)
    let progress = Progress(isQuiet: output.quiet || output.jsonTakesOutput)
    var score = MutationScore()
    for path in audio {
      let input = try EncoderInput(
        try InputOptions.parse([path]), dimensions: bench.model.dimensions)
      guard let window = input.windows.first, let waveform = input.waveform else { continue }
      let context = SearchContext(
        bench, mel: window.mel,
        frontEnd: FrontEndRunner(waveform, windowIndex: window.index, context: input.context),
        budgetSeconds: budget)
      let name = path.split(separator: "/").last.map(String.init) ?? path
      for set in sets.split(separator: ",").map(String.init) {
        try add(set, to: &score, context, bench, name: name, progress)
      }
    }
    progress.clear()
    let report = MutationReport(score: score, seed: seed)
    output.print(report.lines(output.canvas))
    try output.write(json: report.json)
  }

  private func add(
    _ set: String, to score: inout MutationScore, _ context: SearchContext, _ bench: Workbench,
    name: String, _ progress: Progress
  ) throws {
    let bench = (work: bench, mutation: try MutationBench(context))
    let setting = "\(bench.work.model.name), \(name), \(set)"
    if set == "mel" {
      let faults = chosen(FrontEndOptions.catalogue) { $0.slug }
      for (index, fault) in faults.enumerated() {
        progress.show("\(setting): \(fault.slug)", Double(index) / Double(faults.count))
        if let row = try bench.mutation.row(frontEnd: [fault], setting: setting) {
          score.rows.append(row)
        }
      }
      return
    }
    let taps: TapSelection = set == "output" ? .globs(["encoder.ln_post"]) : TapSelection(set)
    let cases = MutationCases(program: bench.work.model.program, seed: seed)
    for (kind, list) in [("", cases.singles()), (", pairs", cases.pairs(pairs))] {
      let list = chosen(list) { $0.map(\.description).joined(separator: " + ") }
      for (index, faults) in list.enumerated() {
        progress.show(
          "\(setting)\(kind): \(faults.map(\.description).joined(separator: " + "))",
          Double(index) / Double(list.count))
        score.rows.append(
          try bench.mutation.row(faults, taps: taps, setting: setting + kind))
      }
    }
    for (backend, number) in [
      ("graph", 1), ("graph", 2), ("graph:unfused", 2), ("reference:f32", 2),
    ]
    where only == nil {
      let other = try Workbench(model, threads: number)
      score.rows.append(
        try bench.mutation.row(
          sound: other.backend(backend), taps: taps, setting: setting + ", sound backends"))
    }
  }

  private func chosen<Case>(_ cases: [Case], name: (Case) -> String) -> [Case] {
    cases.enumerated().filter { index, element in
      index % every == Int(seed) % every && (only.map { name(element).contains($0) } ?? true)
    }.map(\.element)
  }
}
