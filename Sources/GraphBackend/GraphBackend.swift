/// The encoder as a graph: lowered, rewritten by passes, planned into one arena, run on a pool.

package import EncoderModel
package import KernelTable
import Kernels
import Synchronization
package import TensorCore

/// `graph`, `graph:unfused` and, with kernels of a certain instruction set, `graph:avx2` and the like:
/// Float32 with kernels of our own.
///
/// The same bits for every thread count, and whether or not taps are observed.
package final class GraphBackend: EncoderBackend {
  package let name: String
  package let program: EncoderProgram
  package var scalarType: ScalarType { .float32 }
  private let isFused: Bool
  private let kernels: KernelTable
  private let weights: PackedWeights
  private let keepsWeights: Bool
  private let pool: ThreadPool
  private struct GraphKey: Hashable {
    var stages: [EncoderStage]
    var taps: Set<String>
  }
  /// Graphs that were built before.
  private let graphs = Mutex<[GraphKey: Graph]>([:])
  /// Memory of the last run, for the next one.
  private let spareArena: SpareArena

  /// - `program`: what to compute; faulty programs are run as they stand.
  /// - `threads`: as many as the affinity mask allows processors where `nil`.
  /// - `fused`: whether passes rewrite the graph.
  /// - `kernels`: one of `KernelTable.available`; the fastest unless told otherwise.
  /// - `name`: what it is called; by `fused` alone where `nil`.
  package init(
    program: EncoderProgram, weights: any WeightSource, threads: Int? = nil, fused: Bool = true,
    kernels: KernelTable = .best, name: String? = nil
  ) {
    self.name = name ?? (fused ? "graph" : "graph:unfused")
    self.program = program
    isFused = fused
    self.kernels = kernels
    keepsWeights = program.packedWeightCount <= PackedWeights.budget
    spareArena = SpareArena()
    self.weights = PackedWeights(source: weights, kernels: kernels, keeps: keepsWeights)
    pool = ThreadPool(
      threadCount: max(1, threads ?? availableProcessorCount()),
      scratchCount: ProductArguments.scratchCount)
  }

  /// A backend for another program over the same model: it shares the weights that are packed
  /// already and the threads with `other`, and keeps what only its own program changes for itself.
  package init(sharing other: GraphBackend, program: EncoderProgram) {
    name = other.name
    self.program = program
    isFused = other.isFused
    kernels = other.kernels
    keepsWeights = other.keepsWeights
    weights = PackedWeights(extending: other.weights)
    pool = other.pool
    spareArena = other.spareArena
  }

  /// A backend over the same packed weights with one thread and memory of its own, so that several
  /// run side by side: programs too small to be shared out among threads.
  package init(beside other: GraphBackend) {
    name = other.name
    program = other.program
    isFused = other.isFused
    kernels = other.kernels
    keepsWeights = other.keepsWeights
    weights = PackedWeights(extending: other.weights)
    pool = ThreadPool(threadCount: 1, scratchCount: ProductArguments.scratchCount)
    spareArena = SpareArena()
  }

  /// How many threads share the work of one run.
  package var threadCount: Int { pool.threadCount }

  /// A backend with the kernels of this name, called `graph:` and the name; `nil` where this processor
  /// has none.
  package convenience init?(
    program: EncoderProgram, weights: any WeightSource, threads: Int? = nil,
    kernelsNamed kernelName: String
  ) {
    guard let kernels = KernelTable.available.first(where: { $0.name == kernelName }) else {
      return nil
    }
    self.init(
      program: program, weights: weights, threads: threads, kernels: kernels,
      name: "graph:\(kernelName)")
  }

  /// Kernels that run on this processor, fastest first.
  package static var kernelNames: [String] { KernelTable.available.map(\.name) }

  /// Which kernels run: `amx`, `avx512`, `avx2`, `neon` or `scalar`.
  package var kernelName: String { kernels.name }

  /// The kernels that run where none are asked for.
  package static var bestKernelName: String { KernelTable.best.name }

  /// The graph of `stages` as it is run.
  package func graph(
    of stages: [EncoderStage], observing taps: Set<String> = []
  ) throws(GraphError) -> Graph {
    let key = GraphKey(stages: stages, taps: taps)
    if let known = graphs.withLock({ $0[key] }) { return known }
    var graph = try GraphBuilder.build(program, stages: stages, observing: taps)
    try graph.verify()
    for pass in isFused ? GraphPass.all : [] { graph = pass.rewrite(graph) }
    assert((try? graph.verify()) != nil, "a pass broke the graph")
    let finished = graph
    graphs.withLock { $0[key] = finished }
    return finished
  }

  /// The graph of `stages` as built, and after each pass.
  package func snapshots(
    of stages: [EncoderStage], observing taps: Set<String> = []
  ) throws(GraphError) -> [GraphSnapshot] {
    try GraphBuilder.build(program, stages: stages, observing: taps)
      .snapshots(through: isFused ? GraphPass.all : [])
  }

  /// Where the values of `stages` lie in the arena.
  package func memoryPlan(
    of stages: [EncoderStage], observing taps: Set<String> = []
  ) throws(GraphError) -> MemoryPlan {
    let graph = try graph(of: stages, observing: taps)
    return MemoryPlan(
      graph, scratch: StepBuilder.scratchLayouts(graph, kernels),
      splits: SplitPlan(graph, kernels).layouts)
  }

  package func run(
    _ stage: EncoderStage, input: Tensor, observing taps: Set<String>,
    sink: (String, Tensor) throws -> Void
  ) throws -> Tensor {
    let graph = try graph(of: [stage], observing: taps)
    return try execute(graph, input: input, sink: sink)
  }

  /// The stages as one graph: no copies between them and one wake-up of the pool.
  ///
  /// Where the weights exceed the budget of packed ones, stage by stage.
  package func encodeUnobserved(mel: Tensor, through stages: [EncoderStage]) throws -> Tensor {
    if isFused && keepsWeights {
      return try execute(graph(of: stages), input: mel) { _, _ in }
    }
    var value = mel
    for stage in stages { value = try run(stage, input: value, observing: []) { _, _ in } }
    return value
  }

  /// Runs the encoder once and times each of its steps, pool and caches warm.
  package func profile(mel: Tensor) throws -> [StepProfile] {
    _ = try encodeUnobserved(mel: mel)
    var profiles: [StepProfile] = []
    _ = try execute(
      graph(of: program.stages), input: mel,
      run: { steps in
        for step in steps {
          let seconds = ContinuousClock().measure { self.pool.run([step]) } / .seconds(1)
          profiles.append(StepProfile(step, seconds: seconds))
        }
      }
    ) { _, _ in }
    return profiles
  }

  /// Runs a graph and hands its taps to `sink`.
  private func execute(
    _ graph: Graph, input: Tensor, run: (([Step]) -> Void)? = nil,
    sink: (String, Tensor) throws -> Void
  ) throws -> Tensor {
    let expected = graph[graph.input].shape
    guard input.shape == expected else {
      throw GraphError.wrongShape(
        value: graph[graph.input].name, expected: expected, found: input.shape)
    }
    let splits = SplitPlan(graph, kernels)
    let plan = MemoryPlan(
      graph, scratch: StepBuilder.scratchLayouts(graph, kernels), splits: splits.layouts)
    let arena = takeArena(plan.arenaCount)
    defer { spareArena.give(arena) }
    return try input.withFloat32 { elements -> Tensor in
      guard let base = elements.baseAddress else {
        throw GraphError.malformed("the input is empty")
      }
      var builder = StepBuilder(
        graph: graph, plan: plan, splits: splits, arena: arena.base, kernels: kernels,
        weights: weights,
        pool: pool, input: base)
      try builder.build()
      withExtendedLifetime(builder.owners) {
        if let run { run(builder.steps) } else { pool.run(builder.steps) }
      }
      for tap in graph.taps { try sink(tap.name, tensor(tap.value, builder)) }
      return try tensor(graph.output, builder)
    }
  }

  private func takeArena(_ count: Int) -> FloatBuffer {
    if let spare = spareArena.take(), spare.count >= count { return spare }
    return FloatBuffer(count: count)
  }

  /// A dense copy of a value.
  private func tensor(_ value: ValueID, _ builder: StepBuilder) throws -> Tensor {
    let source = try builder.placement(value)
    return Tensor.float32(builder.graph[value].shape) { target in
      guard let base = target.baseAddress else { return }
      let length = max(1, (1 << 16) / max(source.columns, 1))
      pool.run([
        Step(
          name: "tap", kind: "copy", unitCount: (source.rows + length - 1) / length
        ) { units, _ in
          for row in (units.lowerBound * length)..<min(units.upperBound * length, source.rows) {
            (base + row * source.columns).update(from: source.row(row), count: source.columns)
          }
        }
      ])
    }
  }
}

/// Memory of the last run, for the next one of any backend that shares weights and threads.
private final class SpareArena: Sendable {
  private let buffer = Mutex<FloatBuffer?>(nil)

  func give(_ arena: FloatBuffer) {
    buffer.withLock { if arena.count > $0?.count ?? 0 { $0 = arena } }
  }

  func take() -> FloatBuffer? {
    buffer.withLock { spare -> FloatBuffer? in
      defer { spare = nil }
      return spare
    }
  }
}
