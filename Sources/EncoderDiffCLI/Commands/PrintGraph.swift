import ArgumentParser
import EncoderModel
import GraphBackend
import Report
import TensorIO

/// `encoder-diff graph`: the graph executor's IR, before and after each pass.
struct PrintGraph: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, dot, json }

  static let configuration = CommandConfiguration(
    commandName: "graph",
    abstract: "Print the graph that 'graph' runs, before and after each pass.",
    discussion: """
      Examples:
        encoder-diff graph --model synthetic:tiny
        encoder-diff graph --pass all --stage 0
        encoder-diff graph --format dot --stage 0 | dot -Tsvg > block.svg
        encoder-diff graph --memory
        encoder-diff graph --pass all --json graph.json
      """)

  @OptionGroup var model: ModelOptions

  @Option(
    help: ArgumentHelp(
      "The graph after this pass: \(passNames.joined(separator: ", ")); 'all' prints each. The "
        + "graph as it runs without.", valueName: "name"))
  var pass: String?

  @Option(help: "text, dot (Graphviz) or json.")
  var format: Format = .text

  @Option(
    help: ArgumentHelp(
      "Only one stage: stem, a block's number, or ln_post. The whole encoder without.",
      valueName: "stage"))
  var stage: String?

  @Option(
    help: ArgumentHelp(
      "Taps that are observed, as for 'run'; what is observed is not fused away. None without.",
      valueName: "set"))
  var taps: String?

  @Option(
    help: ArgumentHelp(
      "Put a fault into the graph: FAULT[=VALUE][@TAP]; may be repeated.", valueName: "fault"))
  var inject: [String] = []

  @Flag(help: "Where each value lies in the arena, and when.")
  var memory = false

  @Option(
    help: ArgumentHelp(
      "Write the graph, and with --memory its arena, as JSON to FILE; '-' is standard output.",
      valueName: "file"))
  var json: String?

  private static let passNames = ["build"] + GraphPass.all.map(\.name)

  func run() throws {
    let bench = try Workbench(model)
    let injection = try Injection(inject, program: bench.model.program)
    let backend = GraphBackend(program: injection.program, weights: bench.model.weights, threads: 1)
    let stages = try selectedStages(injection.program)
    let observed = try taps.map { Set(try bench.selection($0).names(in: injection.program)) } ?? []
    try requireWritable([json == "-" ? nil : json], inputs: [model.model])
    let chosen = try select(try backend.snapshots(of: stages, observing: observed))
    var document = GraphDocument(chosen)
    if memory {
      document.memory = (
        try backend.memoryPlan(of: stages, observing: observed),
        try backend.graph(of: stages, observing: observed)
      )
    }
    if json != "-" { try show(chosen, document) }
    guard let json else { return }
    let text = try document.text()
    if json == "-" { Console.printRaw(text) } else { try writeFile(json, text) }
  }

  private func show(_ snapshots: [GraphSnapshot], _ document: GraphDocument) throws {
    if format == .json { return Console.printRaw(try document.text()) }
    if let (plan, graph) = document.memory {
      return Console.print(MemoryTable.lines(plan, graph).joined(separator: "\n"))
    }
    for snapshot in snapshots {
      if format == .dot {
        Console.printRaw(snapshot.graph.dot)
      } else {
        if snapshots.count > 1 { Console.print("; after \(snapshot.pass)") }
        Console.printRaw(snapshot.graph.text)
      }
    }
  }

  private func selectedStages(_ program: EncoderProgram) throws -> [EncoderStage] {
    guard let stage else { return program.stages }
    let found = program.stages.first { candidate in
      switch candidate {
      case .stem: stage == "stem"
      case .block(let index): stage == "\(index)"
      case .lnPost: stage == "ln_post"
      }
    }
    guard let found else {
      throw UsageError(
        "--stage '\(stage)' is none; there are stem, blocks 0 to "
          + "\(program.dimensions.numAudioLayers - 1), and ln_post")
    }
    return [found]
  }

  private func select(_ snapshots: [GraphSnapshot]) throws -> [GraphSnapshot] {
    if pass == "all" { return snapshots }
    let name = pass ?? snapshots.last?.pass
    guard let found = snapshots.first(where: { $0.pass == name }) else {
      throw UsageError(
        "no pass '\(name ?? "")'; there are all, \(Self.passNames.joined(separator: ", "))")
    }
    return [found]
  }
}
