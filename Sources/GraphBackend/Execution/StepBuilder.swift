/// Turns the nodes of a planned graph into steps over the arena: kernels, addresses and units.

import EncoderModel
import KernelTable
import Kernels
import TensorCore

/// Where a value's rows lie during a run.
struct Placement {
  /// Row 0, behind the halo.
  var base: UnsafeMutablePointer<Float>
  var layout: BufferLayout

  var stride: Int { layout.stride }
  var rows: Int { layout.rows }
  var columns: Int { layout.columns }
  var address: MatrixAddress { MatrixAddress(base: base, stride: layout.stride) }

  func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * layout.stride }

  /// Zeroes the rows before the first and after the last.
  func clearHalo() {
    let count = layout.halo * layout.stride
    (base - count).update(repeating: 0, count: count)
    (base + layout.rows * layout.stride).update(repeating: 0, count: count)
  }
}

/// Builds the steps of one run; owns what they point into.
struct StepBuilder {
  let graph: Graph
  let plan: MemoryPlan
  let splits: SplitPlan
  let arena: UnsafeMutablePointer<Float>
  let kernels: KernelTable
  let weights: PackedWeights
  let pool: ThreadPool
  /// The stage's input, dense.
  let input: UnsafePointer<Float>
  /// Buffers that the steps read; kept alive as long as the steps.
  var owners: [FloatBuffer] = []
  var steps: [Step] = []

  /// Panels that a unit of a product spans: all tiles of rows meet them one after the other, so they
  /// take half of the second-level cache at most; the other half is for rows and sums.
  func unitPanels(depth: Int) -> Int {
    let panelByteCount = max(kernels.panelSize(depth), 1) * MemoryLayout<Float>.stride
    let largest = max(1, 384 / kernels.panelWidth)
    return min(largest, max(2, secondLevelCacheByteCount / 2 / panelByteCount))
  }

  func placement(_ value: ValueID) throws -> Placement {
    guard let buffer = plan.buffer(of: value) else {
      throw GraphError.malformed("no memory was planned for '\(graph[value].name)'")
    }
    return placement(buffer)
  }

  func placement(_ buffer: PlannedBuffer) -> Placement {
    let halo = buffer.layout.halo * buffer.layout.stride
    return Placement(base: arena + buffer.offset + halo, layout: buffer.layout)
  }

  func scratch(_ position: Int, _ index: Int) -> Placement {
    placement(plan.buffers[plan.scratchBuffers[position, default: []][index]])
  }

  /// Where the blocks of a value lie, if dense layers read it cut.
  func split(of value: ValueID) -> UnsafeMutablePointer<Float>? {
    plan.splitBufferOfValue[value].map { arena + plan.buffers[$0].offset }
  }

  /// Adds the steps of all nodes.
  mutating func build() throws {
    for (position, node) in graph.nodes.enumerated() { try add(node, at: position) }
  }

  private mutating func add(_ node: GraphNode, at position: Int) throws {
    let out = try placement(node.output)
    let inputs = try node.inputs.map { try placement($0) }
    let first = steps.count
    switch node.operation {
    case .input: addInput(node, out)
    case .product(let product): try addProduct(product, node, inputs, out)
    case .scores(let numHeads, let scale):
      addScores(node, numHeads, scale, inputs, out, keys: scratch(position, 0))
    case .softmax(let softmax): addSoftmax(softmax, node, inputs[0], out)
    case .context(let numHeads):
      addContext(node, numHeads, inputs, out, values: scratch(position, 0))
    case .attention(let numHeads, let scale):
      addAttention(
        node, numHeads, scale, inputs, out, keys: scratch(position, 0),
        values: scratch(position, 1))
    case .layerNorm(let norm): try addLayerNorm(norm, node, inputs[0], out)
    case .gelu(let variant): addActivation(variant, node, inputs[0], out)
    case .add: addSum(node, inputs[0], inputs[1].base, inputs[1].stride, out)
    case .addTable(let reference):
      let table = try own(weights.table(reference))
      addSum(node, inputs[0], table.base, out.columns, out)
    case .round(let format, let length): addRounding(format, length, node, inputs[0], out)
    case .mergeHeads(let order, let numHeads): addMerge(order, numHeads, node, inputs[0], out)
    case .transform(let transform): addTransform(transform, node, inputs[0], out)
    case .replaceRows(let from): addReplacement(from, node, inputs, out)
    }
    if let split = split(of: node.output), !cuts(node) { addSplit(node, out, split) }
    if out.layout.halo > 0 { clearHalo(of: out, in: first) }
  }

  /// Whether the steps of `node` cut its result themselves.
  private func cuts(_ node: GraphNode) -> Bool {
    if case .layerNorm(let norm) = node.operation { return norm.isUsual }
    return SplitPlan.writesCut(node, graph, kernels)
  }

  /// Cuts a value behind the node that computes it.
  private mutating func addSplit(
    _ node: GraphNode, _ out: Placement, _ split: UnsafeMutablePointer<Float>
  ) {
    guard let run = kernels.splitBlocks else { return }
    let tiles = (out.rows + kernels.tileRows - 1) / kernels.tileRows
    addStep(node, tiles, suffix: "#parts") { tiles, _ in
      run(
        SplitArguments(
          a: UnsafePointer(out.base), aStride: out.stride, depth: out.columns, rows: out.rows,
          tiles: tiles, target: split))
    }
  }

  mutating func own(_ buffer: FloatBuffer) -> FloatBuffer {
    owners.append(buffer)
    return buffer
  }

  mutating func addStep(
    _ node: GraphNode, _ unitCount: Int, suffix: String = "",
    _ work: @escaping (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) {
    let isWhole = suffix.isEmpty
    steps.append(
      Step(
        name: graph[node.output].name + suffix, kind: isWhole ? node.operation.kind : "pack",
        flops: isWhole ? graph.flops(of: node) : 0, bytes: graph.bytes(of: node),
        unitCount: unitCount, work: work))
  }

  /// A step over single rows.
  mutating func addRows(
    _ node: GraphNode, _ out: Placement, _ work: @escaping (Range<Int>) -> Void
  ) {
    let grain = max(1, min(16, out.rows / 8))
    let rows = out.rows
    addStep(node, (rows + grain - 1) / grain) { units, _ in
      work((units.lowerBound * grain)..<min(rows, units.upperBound * grain))
    }
  }

  /// Lets whoever takes unit 0 of the first step zero the rows around the value too.
  private mutating func clearHalo(of out: Placement, in step: Int) {
    guard step < steps.count else { return }
    let work = steps[step].work
    steps[step].work = { units, scratch in
      if units.lowerBound == 0 { out.clearHalo() }
      work(units, scratch)
    }
  }

  private mutating func addInput(_ node: GraphNode, _ out: Placement) {
    let source = input
    addRows(node, out) { rows in
      for row in rows {
        out.row(row).update(from: source + row * out.columns, count: out.columns)
      }
    }
  }

  private mutating func addSum(
    _ node: GraphNode, _ first: Placement, _ second: UnsafeMutablePointer<Float>, _ stride: Int,
    _ out: Placement
  ) {
    let add = kernels.add
    addRows(node, out) { rows in
      add(
        AddArguments(
          first: first.base, firstStride: first.stride, second: second, secondStride: stride,
          columns: out.columns, rows: rows, out: out.address))
    }
  }
}
