import ArgumentParser
import EncoderModel
import GraphBackend
import Kernels
import Report
import TensorCore

/// `encoder-diff bench`: encoders by turns, as fractions of the peak measured between them.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the encoders' speed, memory and accuracy, by turns in one run.",
    discussion: """
      Examples:
        encoder-diff bench --model synthetic:tiny --model synthetic:base
        encoder-diff bench --model synthetic:tiny --profile
        encoder-diff bench --model synthetic:tiny --peers
        encoder-diff bench --scaling --runs 3 --json bench.json
      """)

  @Option(
    help: ArgumentHelp(
      "Which weights, as for 'run'; may be repeated. synthetic:tiny where none is named.",
      valueName: "model"))
  var model: [String] = []

  @Option(help: ArgumentHelp("Comma-separated encoders, as for 'run'.", valueName: "list"))
  var backends: String = "reference,blas,graph"

  @Option(
    help: ArgumentHelp(
      "Comma-separated numbers of threads; all processors without.", valueName: "list"))
  var threads: String?

  @Option(help: ArgumentHelp("Timed encodes of each encoder.", valueName: "n"))
  var runs: Int = 10

  @Flag(help: "Time, GFLOP/s and bandwidth of every step of 'graph' too.")
  var profile = false

  @Flag(
    help:
      "tiny to large-v3 with one thread and with all; 'graph' and 'blas' unless others are named.")
  var scaling = false

  @Flag(
    help: "PyTorch, ONNX Runtime, OpenVINO and CTranslate2 too, from PyPI, with the same weights.")
  var peers = false

  @Flag(inversion: .prefixedNo, help: "The distance of each output from the Float64 reference.")
  var accuracy = true

  @Flag(inversion: .prefixedNo, help: "The peak memory of a process for each encoder alone.")
  var memory = true

  @Option(
    name: .customLong("peak-memory-of"),
    help: ArgumentHelp(
      "Encode once with this encoder and print the bytes that took.", visibility: .private))
  var measuredBackend: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var page: PageOptions

  func validate() throws {
    guard (1...10_000).contains(runs) else {
      throw ValidationError("--runs takes a number from 1 to 10000, not \(runs)")
    }
  }

  func run() throws {
    if let measuredBackend { return try printMemory(of: measuredBackend) }
    let plan = try BenchPlan(self)
    try requireWritable([output.jsonFile, page.html])
    var report = BenchReport(machine: .current(), numRuns: runs, groups: [])
    for path in plan.models {
      let model = try ModelLoader.load(path)
      let mel = model.dimensions.benchmarkMel
      for threads in plan.threads {
        let bench = Workbench(model, threads: threads)
        try measure(bench, plan, path: path, threads: threads, mel: mel, into: &report)
      }
    }
    report.comparison = comparisonSpeed()
    if report.groups.allSatisfy(\.results.isEmpty) {
      throw UsageError("nothing could be measured: \(report.notes.first ?? "no encoder is named")")
    }
    output.print(report.lines(output.canvas))
    try output.write(json: report.json)
    try page.write(report.page)
  }

  /// One table: all encoders for one model and number of threads.
  private func measure(
    _ bench: Workbench, _ plan: BenchPlan, path: String, threads: Int, mel: Tensor,
    into report: inout BenchReport
  ) throws {
    let progress = Progress(isQuiet: output.quiet)
    defer { progress.clear() }
    var sides: [any BenchSide] = try plan.backends.map { LiveSide(try bench.backend($0), mel: mel) }
    if peers {
      progress.show("starting other engines", 0)
      let export = try PeerExport(bench.model, mel: mel)
      for engine in PeerSide.engines {
        do { sides.append(try PeerSide(engine, export: export, threads: threads)) } catch {
          report.notes.append("\(error)")
        }
      }
    }
    let runner = BenchRunner(
      numRuns: runs, progress: progress, measuresAccuracy: accuracy && !scaling)
    var (group, notes) = try runner.run(bench.model, threads: threads, sides: sides, mel: mel)
    for index in group.results.indices {
      let name = group.results[index].backend
      if let peer = sides.first(where: { $0.name == name }) as? PeerSide {
        group.results[index].peakRSSBytes = peer.peakRSSBytes
      } else if memory {
        progress.show("memory of \(name)", 1)
        group.results[index].peakRSSBytes = try MemoryProbe.peakBytes(
          of: name, model: path, threads: threads)
      }
    }
    if profile {
      progress.show("profile", 1)
      let graph = GraphBackend(
        program: bench.model.program, weights: bench.model.weights, threads: threads)
      group.profile = try runner.profile(graph, mel: mel)
    }
    report.groups.append(group)
    report.notes += notes.filter { !report.notes.contains($0) }
  }

  /// What a process of `MemoryProbe` does.
  private func printMemory(of backend: String) throws {
    let plan = try BenchPlan(self)
    let model = try ModelLoader.load(plan.models[0])
    let bench = Workbench(model, threads: plan.threads[0])
    _ = try bench.backend(backend).encode(mel: model.dimensions.benchmarkMel)
    guard let bytes = peakMemoryBytes() else { return }
    Console.print("\(bytes)")
  }
}
