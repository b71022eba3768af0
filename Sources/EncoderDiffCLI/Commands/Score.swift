import ArgumentParser
import Diagnosis
import EncoderModel
import Faults
import ReferenceBackend
import Report
import TensorIO

/// `encoder-diff score AUDIO`: whether verdicts stand exactly where faults are injected.
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Inject every fault and count whether it is found at its sites and nowhere else.",
    discussion: """
      Examples:
        encoder-diff score digits.wav
        encoder-diff score speech.flac --model synthetic:tiny --sites first
        encoder-diff score digits.wav --pairs 200
        encoder-diff score digits.wav --only gelu
      """)

  enum SiteChoice: String, ExpressibleByArgument, CaseIterable { case first, some, all }

  @OptionGroup var input: InputOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var taps: TapOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "The backend that faults are put into.")
  var backend: String = "graph"

  @Option(help: "Sites of each fault: the first; some (first, middle and last); or all.")
  var sites: SiteChoice = .some

  @Option(help: ArgumentHelp("That many pairs of faults, instead of single ones.", valueName: "n"))
  var pairs: Int?

  @Option(
    name: [.customLong("only"), .customLong("fault")],
    help: ArgumentHelp("Only faults whose name contains this.", valueName: "text"))
  var only: String?

  func validate() throws {
    if let pairs, pairs < 1 || pairs > 1_000_000 {
      throw ValidationError("--pairs takes a number from 1, not \(pairs)")
    }
  }

  func run() throws {
    let bench = try Workbench(model)
    let source = try EncoderInput(input, dimensions: bench.model.dimensions)
    guard let window = source.windows.first, source.windows.count == 1 else {
      throw UsageError("score looks at one window; give --window N, not 'all'")
    }
    let name = backend
    let table = try DetectionBench(
      judge: bench.judge(),
      reference: ReferenceBackend(program: bench.model.program, weights: bench.model.weights),
      mel: window.mel, taps: try bench.selection(taps.taps)
    ) { try bench.backend(name, program: $0) }
    let cases = try cases(bench.model.program)
    let progress = Progress(isQuiet: output.quiet)
    var score = DetectionScore()
    for (index, faults) in cases.enumerated() {
      progress.show(
        faults.map(\.description).joined(separator: " + "),
        Double(index) / Double(cases.count))
      score.rows.append(try table.row(faults))
    }
    progress.clear()
    let report = ScoreReport(score: score, sound: table.sound)
    output.print(report.lines(output.canvas, isQuiet: output.quiet))
    try output.write(json: report.json)
    try (report.isPerfect ? Outcome.parity : .divergence).leave()
  }

  private func cases(_ program: EncoderProgram) throws -> [[FaultInstance]] {
    let faults = FaultCatalogue.all.filter { only.map($0.slug.contains) ?? true }
    guard !faults.isEmpty else {
      throw UsageError("no fault is called like '\(only ?? "")'; 'encoder-diff faults' lists all")
    }
    let chosen = sites
    let instances = faults.flatMap { fault -> [FaultInstance] in
      let all = fault.sites(program)
      guard let first = all.first, let last = all.last else { return [] }
      let kept: Set<String> =
        switch chosen {
        case .first: [first]
        case .some: [first, all[all.count / 2], last]
        case .all: Set(all)
        }
      return FaultCatalogue.instances(of: fault, in: program).filter { kept.contains($0.site) }
    }
    return DetectionBench.cases(instances, pairs: pairs)
  }
}
