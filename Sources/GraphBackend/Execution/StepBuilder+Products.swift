/// Steps of matrix products: dense layers, convolutions, attention.

import EncoderModel
import KernelTable

extension StepBuilder {
  mutating func addProduct(
    _ product: ProductOperation, _ node: GraphNode, _ inputs: [Placement], _ out: Placement
  ) throws {
    let input = inputs[0]
    let isLinear = product.kind == .linear
    let panels = try own(weights.panels(product.weight, isKernel: !isLinear, pool: pool))
    let scratch = UnsafeMutablePointer<Float>(bitPattern: 64) ?? out.base
    var arguments = ProductArguments(
      a: UnsafePointer(input.base), aStride: input.stride, depth: input.columns,
      packed: UnsafePointer(panels.base), rows: 0..<out.rows, panels: 0..<0, columns: out.columns,
      out: out.address, scratch: scratch)
    if case .convolution(let stride, let left, _) = product.kind {
      arguments.a -= left * input.stride
      arguments.aStride = stride * input.stride
      arguments.segments = 3
      arguments.segmentStride = input.stride
    }
    if let bias = product.bias {
      arguments.bias = UnsafePointer(try own(weights.vector(bias)).base)
    }
    if isLinear { arguments.split = split(of: node.inputs[0]).map { UnsafePointer($0) } }
    arguments.splitOut = split(of: node.output)
    arguments.writesOut = !splits.onlyCut.contains(node.output)
    arguments.activates = product.activates
    if let table = product.table {
      let buffer = try own(weights.table(table))
      arguments.residual = MatrixAddress(base: buffer.base, stride: out.columns)
    } else if product.addsResidual {
      arguments.residual = inputs[1].address
    }
    arguments.beforeActivation = try node.beforeActivation.map { try placement($0).address }
    arguments.beforeResidual = try node.beforeResidual.map { try placement($0).address }
    addTiles(node, arguments)
  }

  /// A step whose units are row tiles of one block of panels after the other.
  private mutating func addTiles(_ node: GraphNode, _ arguments: ProductArguments) {
    let tileRows = kernels.tileRows
    let rows = arguments.rows.upperBound
    let tiles = (rows + tileRows - 1) / tileRows
    let panels = kernels.panels(arguments.columns)
    let largest = unitPanels(depth: arguments.segments * arguments.segmentDepth)
    let blocks = (panels + largest - 1) / largest
    let unitPanels = (panels + blocks - 1) / blocks
    let run = kernels.product
    addStep(node, tiles * blocks) { units, scratch in
      forEachRun(units, length: tiles) { block, tile in
        var part = arguments
        part.scratch = scratch
        part.rows = (tile.lowerBound * tileRows)..<min(rows, tile.upperBound * tileRows)
        part.panels = (block * unitPanels)..<min(panels, (block + 1) * unitPanels)
        run(part)
      }
    }
  }

  /// Packs every head's slice of `source` into its part of `target`.
  private mutating func addPacking(
    _ node: GraphNode, _ numHeads: Int, _ source: Placement, _ target: Placement,
    isTransposed: Bool
  ) {
    let headDim = source.columns / numHeads
    let frames = source.rows
    let columns = isTransposed ? frames : headDim
    let depth = isTransposed ? headDim : frames
    let panels = kernels.panels(columns)
    let size = kernels.packedCount(columns: columns, depth: depth)
    let pack = isTransposed ? kernels.packTransposed : kernels.packRows
    addStep(node, numHeads * panels, suffix: isTransposed ? "#keys" : "#values") { units, _ in
      forEachRun(units, length: panels) { head, range in
        pack(
          PackArguments(
            source: UnsafePointer(source.base + head * headDim), sourceStride: source.stride,
            columns: columns, depth: depth, panels: range, target: target.base + head * size))
      }
    }
  }

  mutating func addScores(
    _ node: GraphNode, _ numHeads: Int, _ scale: Double, _ inputs: [Placement], _ out: Placement,
    keys: Placement
  ) {
    addPacking(node, numHeads, inputs[1], keys, isTransposed: true)
    let query = inputs[0]
    let headDim = query.columns / numHeads
    let frames = query.rows
    let numKeys = out.columns
    let size = kernels.packedCount(columns: numKeys, depth: headDim)
    let tileRows = kernels.tileRows
    let tiles = (frames + tileRows - 1) / tileRows
    let panels = 0..<kernels.panels(numKeys)
    let run = kernels.product
    addStep(node, numHeads * tiles) { units, scratch in
      forEachRun(units, length: tiles) { head, tile in
        var part = ProductArguments(
          a: UnsafePointer(query.base + head * headDim), aStride: query.stride, depth: headDim,
          packed: UnsafePointer(keys.base + head * size),
          rows: (tile.lowerBound * tileRows)..<min(frames, tile.upperBound * tileRows),
          panels: panels, columns: numKeys,
          out: MatrixAddress(base: out.row(head * frames), stride: out.stride), scratch: scratch)
        part.alpha = Float(scale)
        run(part)
      }
    }
  }

  mutating func addContext(
    _ node: GraphNode, _ numHeads: Int, _ inputs: [Placement], _ out: Placement, values: Placement
  ) {
    addPacking(node, numHeads, inputs[1], values, isTransposed: false)
    let probabilities = inputs[0]
    let headDim = inputs[1].columns / numHeads
    let frames = out.rows
    let numKeys = inputs[1].rows
    let size = kernels.packedCount(columns: headDim, depth: numKeys)
    let tileRows = kernels.tileRows
    let tiles = (frames + tileRows - 1) / tileRows
    let panels = 0..<kernels.panels(headDim)
    let run = kernels.product
    addStep(node, numHeads * tiles) { units, scratch in
      forEachRun(units, length: tiles) { head, tile in
        run(
          ProductArguments(
            a: UnsafePointer(probabilities.row(head * frames)), aStride: probabilities.stride,
            depth: numKeys, packed: UnsafePointer(values.base + head * size),
            rows: (tile.lowerBound * tileRows)..<min(frames, tile.upperBound * tileRows),
            panels: panels, columns: headDim,
            out: MatrixAddress(base: out.base + head * headDim, stride: out.stride),
            scratch: scratch))
      }
    }
  }

  mutating func addAttention(
    _ node: GraphNode, _ numHeads: Int, _ scale: Double, _ inputs: [Placement], _ out: Placement,
    keys: Placement, values: Placement
  ) {
    addPacking(node, numHeads, inputs[1], keys, isTransposed: true)
    addPacking(node, numHeads, inputs[2], values, isTransposed: false)
    let query = inputs[0]
    let headDim = query.columns / numHeads
    let frames = query.rows
    let keySize = kernels.packedCount(columns: frames, depth: headDim)
    let valueSize = kernels.packedCount(columns: headDim, depth: frames)
    let tileRows = kernels.tileRows
    let tiles = (frames + tileRows - 1) / tileRows
    let run = kernels.attention
    let split = SplitPlan.writesCut(node, graph, kernels) ? split(of: node.output) : nil
    let writesOut = !splits.onlyCut.contains(node.output)
    let panelWidth = kernels.panelWidth
    addStep(node, numHeads * tiles) { units, scratch in
      forEachRun(units, length: tiles) { head, tile in
        var part =
          AttentionArguments(
            query: UnsafePointer(query.base + head * headDim), queryStride: query.stride,
            keys: UnsafePointer(keys.base + head * keySize),
            values: UnsafePointer(values.base + head * valueSize), frames: frames,
            headDim: headDim, scale: scale,
            rows: (tile.lowerBound * tileRows)..<min(frames, tile.upperBound * tileRows),
            out: MatrixAddress(base: out.base + head * headDim, stride: out.stride),
            scratch: scratch)
        part.splitOut = split
        part.splitStep = head * headDim / panelWidth
        part.splitDepth = out.columns
        part.writesOut = writesOut
        run(part)
      }
    }
  }

  /// Buffers that a node needs beside its values.
  static func scratchLayouts(_ graph: Graph, _ kernels: KernelTable) -> [Int: [BufferLayout]] {
    var layouts: [Int: [BufferLayout]] = [:]
    for (position, node) in graph.nodes.enumerated() {
      func packed(_ value: ValueID, _ numHeads: Int, isTransposed: Bool) -> BufferLayout {
        let frames = graph[value].rows
        let headDim = graph[value].columns / max(numHeads, 1)
        let count = kernels.packedCount(
          columns: isTransposed ? frames : headDim, depth: isTransposed ? headDim : frames)
        return BufferLayout(rows: 1, columns: numHeads * count)
      }
      switch node.operation {
      case .scores(let numHeads, _):
        layouts[position] = [packed(node.inputs[1], numHeads, isTransposed: true)]
      case .context(let numHeads):
        layouts[position] = [packed(node.inputs[1], numHeads, isTransposed: false)]
      case .attention(let numHeads, _):
        layouts[position] = [
          packed(node.inputs[1], numHeads, isTransposed: true),
          packed(node.inputs[2], numHeads, isTransposed: false),
        ]
      case .input, .product, .softmax, .layerNorm, .gelu, .add, .addTable, .round, .mergeHeads,
        .transform, .replaceRows:
        break
      }
    }
    return layouts
  }
}

/// Cuts `units` where a multiple of `length` is crossed: (quotient, remainders) of each piece.
func forEachRun(_ units: Range<Int>, length: Int, _ body: (Int, Range<Int>) -> Void) {
  var unit = units.lowerBound
  while unit < units.upperBound {
    let quotient = unit / length
    let end = min(units.upperBound, (quotient + 1) * length)
    body(quotient, (unit - quotient * length)..<(end - quotient * length))
    unit = end
  }
}
