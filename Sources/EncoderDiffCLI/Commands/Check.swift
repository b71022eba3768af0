import ArgumentParser
import EncoderModel
import Regression
import Report
import TensorIO

/// `encoder-diff check [DIR]`: the cases of a folder, held to their manifests and to the baseline.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a folder of cases and fail where one has changed: for continuous integration.",
    discussion: """
      A case is a .yaml or a .toml file:

        model: ../models/spoken-digits      # a path, or synthetic:tiny
        audio: ../audio/digits.wav          # or mel: FILE, or the golden's own mel
        backends: [reference, blas, graph]
        inject: [ln-post-missing]           # none for sound encoders
        golden: ../goldens/encoder/spoken-digits-digits.safetensors
        expect: {verdict: divergent, first: encoder.ln_post}
        budget: {drift: 2, seconds: 60}

      baseline.json beside the cases holds the errors that drift is judged by; --update records it.

      Examples:
        encoder-diff check
        encoder-diff check tests/parity --only 'tiny-*' --jobs 4 --junit parity.xml
        encoder-diff check --shard 2/8 --github
      """)

  @Argument(help: ArgumentHelp("The folder of cases.", valueName: "folder"))
  var folder: String = "Fixtures/cases"

  @Option(help: ArgumentHelp("Only cases whose names match.", valueName: "glob"))
  var only: String?

  @Option(help: ArgumentHelp("Only every N-th case, from the I-th.", valueName: "I/N"))
  var shard: String?

  @Option(help: ArgumentHelp("Cases that run at the same time.", valueName: "n"))
  var jobs: Int = 1

  @Option(help: ArgumentHelp("Threads of each backend.", valueName: "n"))
  var threads: Int?

  @Flag(
    help: "Record the figures as the new baseline; shows what changes, and exits with 1 if it does."
  )
  var update = false

  @Option(help: ArgumentHelp("Write JUnit XML.", valueName: "file"))
  var junit: String?

  @Flag(help: "GitHub annotations, and a summary where GITHUB_STEP_SUMMARY says.")
  var github = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var page: PageOptions

  func validate() throws {
    if jobs < 1 || jobs > 256 { throw ValidationError("--jobs takes a number from 1 to 256") }
    if let shard, Shard(parsing: shard) == nil {
      throw ValidationError("--shard takes I/N with I from 1 to N, not '\(shard)'")
    }
  }

  func run() throws {
    let cases = try CaseFolder(folder)
    let chosen = cases.selected(glob: only, shard: shard.flatMap { Shard(parsing: $0) })
    guard !chosen.isEmpty || shard != nil else {
      throw UsageError("--only '\(only ?? "")' matches none of the cases in \(folder)")
    }
    try requireWritable(
      [output.jsonFile, page.html, junit], inputs: cases.manifests.map { $0.path })
    let baselinePath = "\(folder)/\(Baseline.fileName)"
    let baseline = try Baseline(
      contentsOf: baselinePath, exists: isRegularFile(baselinePath))
    var result = CheckResult(folder: folder, cases: runAll(chosen, baseline))
    if update { try record(&result, baseline, among: cases, path: baselinePath) }
    let report = CheckReport(result)
    output.print(report.details(output.canvas, isQuiet: output.quiet))
    try write(report)
    if result.isTrouble { try Outcome.trouble.leave() }
    let isSame = result.numPassed == result.cases.count && result.changes.isEmpty
    try (isSame ? Outcome.parity : .divergence).leave()
  }

  private func runAll(
    _ chosen: [(name: String, path: String)], _ baseline: Baseline
  ) -> [CaseResult] {
    let width = chosen.map(\.name.count).max() ?? 0
    let canvas = output.canvas
    let output = output
    let board = CaseBoard(total: chosen.count, isQuiet: output.quiet) { result in
      output.log.event(
        "case", about: ["case": result.name, "passed": "\(result.hasPassed)"],
        seconds: result.seconds)
      if !output.quiet || !result.hasPassed {
        output.print([CheckReport.line(result, width: width, canvas)])
      }
    }
    return board.run(jobs: jobs) { index in
      let one = chosen[index]
      let known = baseline.cases[one.name]
      var result = attempt(one.name, one.path) {
        let manifest = try CaseFolder.read(name: one.name, path: one.path)
        return try CaseRunner(manifest: manifest, baseline: known, threads: threads).run()
      }
      if update { result.acceptFigures() }
      return result
    }
  }

  /// A case that cannot be run is a case in trouble, not the end of all others.
  private func attempt(
    _ name: String, _ path: String, _ run: () throws -> CaseResult
  ) -> CaseResult {
    do {
      return try run()
    } catch {
      return CaseResult(name: name, path: path, failures: [CheckFailure(.trouble, "\(error)")])
    }
  }

  /// Puts the new figures into the baseline, and out of it what has no case any more.
  private func record(
    _ result: inout CheckResult, _ baseline: Baseline, among folder: CaseFolder, path: String
  ) throws {
    var updated = baseline
    for one in result.cases where !one.candidates.isEmpty { updated.cases[one.name] = one.figures }
    let known = Set(folder.manifests.map(\.name))
    updated.cases = updated.cases.filter { known.contains($0.key) }
    for name in Set(baseline.cases.keys).union(updated.cases.keys).sorted() {
      let change = BaselineChange.between(
        name, old: baseline.cases[name], new: updated.cases[name])
      if let change { result.changes.append(change) }
    }
    if !result.changes.isEmpty { try writeFile(path, updated.json.indentedText) }
  }

  private func write(_ report: CheckReport) throws {
    try output.write(json: report.json)
    if let junit { try writeFile(junit, report.junit) }
    try page.write(report.page)
    guard github else { return }
    // A command for GitHub is a whole line, however wide the terminal is.
    let annotations = report.gitHubAnnotations
    if !output.jsonTakesOutput && !annotations.isEmpty {
      Console.print(annotations.joined(separator: "\n"))
    }
    if let path = Console.environment("GITHUB_STEP_SUMMARY"), !path.isEmpty {
      try appendToFile(path, report.gitHubSummary)
    }
  }
}
