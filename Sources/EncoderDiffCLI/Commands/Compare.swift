import ArgumentParser
import Diagnosis
import EncoderModel
import ForeignDumps
import Parity
import Report
import TensorCore
import TensorIO

/// `encoder-diff compare REFERENCE CANDIDATE`: two dumps, from anywhere.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare two dumps of taps.",
    discussion: """
      With a model, named or recognised by the dumps' own hash, every operation is judged on the \
      candidate's own inputs. Without, figures are cumulative only.

      Examples:
        encoder-diff compare reference.safetensors candidate.npz
        encoder-diff compare torch.npz port.safetensors --model whisper-tiny/
      """)

  @Argument(help: "The dump that is right: .safetensors, .npz or a folder of .npy.")
  var reference: String

  @Argument(help: "The dump that is judged.")
  var candidate: String

  @OptionGroup var model: ModelOptions
  @OptionGroup var judging: JudgingOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var page: PageOptions

  @Option(
    help: ArgumentHelp(
      "Which tensor of the candidate is which tap, as 'encoder-diff align' writes it.",
      valueName: "file"))
  var mapping: String?

  func run() throws {
    let sources = (try openTensorSource(reference), try openTensorSource(candidate))
    try requireWritable(
      [output.jsonFile, page.html], inputs: [reference, candidate, mapping, model.model])
    let map = try mapping.map { try DumpMapping(contentsOf: $0) }
    let bench = try workbench(sources.0, sources.1)
    var watcher = page.watcher(numCandidates: 1, dimensions: bench?.model.dimensions)
    var alignment: [String] = []
    var report = try output.log.timed("compare") {
      if let bench {
        try judged(sources.0, sources.1, map, bench, &watcher, &alignment)
      } else {
        try unjudged(sources.0, sources.1, map, &watcher)
      }
    }
    watcher?.finishWindow(report.verdict)
    report.inquiry.checks = checks(sources.0, sources.1, report)
    output.print(report.lines(output.canvas, isQuiet: output.quiet))
    if !output.quiet { output.print(alignment.map { "  \($0)" }) }
    try output.write(json: report.json)
    try page.write(report.page(details: watcher?.details()))
    if let trouble = report.trouble(allowMissing: judging.allowMissing) {
      throw UsageError(trouble)
    }
    try (report.verdict == .parity ? Outcome.parity : .divergence).leave()
  }

  /// What the dumps say of their own origin, and how much of the reference the candidate holds.
  private func checks(
    _ reference: any TensorSource, _ candidate: any TensorSource, _ report: RunReport
  ) -> [SelfCheck] {
    let (left, right) = (reference.metadata, candidate.metadata)
    return [
      .hashes("weights", left["encoderWeightsHash"], right["encoderWeightsHash"]),
      .hashes("mel", left["melHash"], right["melHash"]),
    ] + report.windows.flatMap(\.result.candidates).map(SelfCheck.coverage)
  }

  /// The named model, or the shipped one where the dumps say that they come from it.
  private func workbench(
    _ reference: any TensorSource, _ candidate: any TensorSource
  ) throws -> Workbench? {
    if model.model != nil { return try Workbench(model) }
    let hashes = [reference, candidate].compactMap { $0.metadata["encoderWeightsHash"] }
    guard !hashes.isEmpty, let path = try? ModelLoader.defaultModelPath() else { return nil }
    var shipped = model
    shipped.model = path
    let bench = try Workbench(shipped)
    return hashes.allSatisfy { $0 == bench.model.encoderWeightsHash } ? bench : nil
  }

  private func judged(
    _ reference: any TensorSource, _ candidate: any TensorSource, _ map: DumpMapping?,
    _ bench: Workbench, _ watcher: inout PageWatcher?, _ alignment: inout [String]
  ) throws -> RunReport {
    let program = bench.model.program
    let right = try DumpAligner(program: program).align(reference)
    guard !right.tapNames.isEmpty else {
      throw UsageError("\(self.reference): holds no tap of \(bench.model.name)")
    }
    var samples = ReferenceSamples()
    for tap in right.tapNames {
      if let value = try right.tensor(tap) { samples.add(tap, value) }
    }
    let judgedDump = try DumpAligner(program: program, reference: samples, mapping: map)
      .align(candidate)
    // How taps were found, where that needed more than their plain names.
    alignment = judgedDump.lines(isBrief: true)
    let comparison = EncoderComparison(
      reference: dump(right, self.reference, program, isGivenMel: true),
      judge: try bench.judge(judging),
      candidates: [
        dump(
          judgedDump, self.candidate, program,
          isGivenMel: haveOneMel(right.source.metadata, judgedDump.source.metadata))
      ],
      selection: .globs(right.tapNames))
    let progress = Progress(isQuiet: output.quiet)
    defer { progress.clear() }
    let result = try comparison.run(
      mel: try right.tensor("mel"), progress: progress.show,
      introduced: { watcher?.see($0, introduced: $1) }, sink: { watcher?.see($0, $1, $2) })
    return report(result, bench.identity)
  }

  private func dump(
    _ aligned: AlignedDump, _ path: String, _ program: EncoderProgram, isGivenMel: Bool
  ) -> DumpCandidate {
    DumpCandidate(
      name: path, program: program, available: Set(aligned.tapNames),
      faults: faults(aligned.source), isGivenMel: isGivenMel, read: { try aligned.tensor($0) })
  }

  /// Whether two dumps say that they were made from the same mel.
  private func haveOneMel(_ first: [String: String], _ second: [String: String]) -> Bool {
    first["melHash"].map { $0 == second["melHash"] } ?? false
  }

  private func faults(_ source: any TensorSource) -> [String] {
    (source.metadata["faults"] ?? "").split(separator: " ").map(String.init)
  }

  private func unjudged(
    _ reference: any TensorSource, _ candidate: any TensorSource, _ map: DumpMapping?,
    _ watcher: inout PageWatcher?
  ) throws -> RunReport {
    var comparison = CumulativeComparison(candidate: self.candidate)
    let names = Set(candidate.names)
    guard reference.names.contains(where: names.contains) || map != nil else {
      throw UsageError(
        "\(self.candidate): no tensor is called as one in \(self.reference); give --model, so that "
          + "tensors can be recognised")
    }
    for name in reference.names {
      let other = map?.entries[name]?.tensor ?? name
      let right = try reference.tensor(name)
      let shown = names.contains(other) ? try candidate.tensor(other) : nil
      comparison.add(name, reference: right, candidate: shown)
      watcher?.see(nil, name, right)
      if let shown { watcher?.see(0, name, shown) }
    }
    let result = ComparisonResult(
      reference: self.reference, candidates: [comparison.result()], taps: reference.names,
      referenceOutput: nil, outputs: [nil], timings: [])
    let unknown = ModelIdentity(
      name: "unknown", format: "none",
      summary: "cumulative figures only; --model lets every operation be judged",
      encoderWeightsHash: reference.metadata["encoderWeightsHash"] ?? "")
    return report(result, unknown)
  }

  private func report(_ result: ComparisonResult, _ model: ModelIdentity) -> RunReport {
    RunReport(
      model: model,
      input: InputIdentity(
        kind: "dumps", path: candidate, description: "\(candidate) against \(reference)",
        durationSeconds: nil, numWindows: 1, hash: ""),
      reference: reference, windows: [WindowReport(index: 0, result: result)])
  }
}
