/// Steps that work row by row: layer norm, activations, softmax, rounding, transforms.

import EncoderModel
import KernelTable

extension StepBuilder {
  mutating func addLayerNorm(
    _ norm: LayerNorm, _ node: GraphNode, _ input: Placement, _ out: Placement
  ) throws {
    let columns = out.columns
    let weight = try own(norm.weight.map { try weights.vector($0) } ?? constant(1, columns))
    let bias = try own(norm.bias.map { try weights.vector($0) } ?? constant(0, columns))
    if norm.isUsual {
      let arguments = LayerNormArguments(
        source: input.base, sourceStride: input.stride, columns: columns, rows: 0..<out.rows,
        epsilon: norm.epsilon, weight: weight.base, bias: bias.base, out: out.address)
      addUsualNorm(node, arguments, out)
      return
    }
    addRows(node, out) { rows in
      // Lines over the frames are the same for all rows, lines over the channels are rows.
      let lines =
        norm.isOverFrames
        ? (0..<columns).map {
          norm.shiftAndScale(of: input.base + $0, step: input.stride, count: out.rows)
        } : []
      for row in rows {
        let source = input.row(row)
        let own = norm.isOverFrames ? nil : norm.shiftAndScale(of: source, count: columns)
        for column in 0..<columns {
          let (shift, scale) = own ?? lines[column]
          let normal = (Double(source[column]) - shift) * scale
          out.row(row)[column] =
            Float(normal * Double(weight.base[column]) + Double(bias.base[column]))
        }
      }
    }
  }

  /// Rows by themselves, or tiles of them that are cut while they are in the cache.
  private mutating func addUsualNorm(
    _ node: GraphNode, _ arguments: LayerNormArguments, _ out: Placement
  ) {
    let run = kernels.layerNorm
    guard let split = split(of: node.output), let cut = kernels.splitBlocks else {
      addRows(node, out) { rows in
        var part = arguments
        part.rows = rows
        run(part)
      }
      return
    }
    let tileRows = kernels.tileRows
    addStep(node, (out.rows + tileRows - 1) / tileRows) { tiles, _ in
      for tile in tiles {
        var part = arguments
        part.rows = (tile * tileRows)..<min(out.rows, (tile + 1) * tileRows)
        run(part)
        cut(
          SplitArguments(
            a: UnsafePointer(out.base), aStride: out.stride, depth: out.columns, rows: out.rows,
            tiles: tile..<(tile + 1), target: split))
      }
    }
  }

  private func constant(_ value: Float, _ count: Int) -> FloatBuffer {
    let buffer = FloatBuffer(count: count + 64)
    buffer.base.update(repeating: value, count: buffer.count)
    return buffer
  }

  mutating func addActivation(
    _ variant: GELUVariant, _ node: GraphNode, _ input: Placement, _ out: Placement
  ) {
    if variant == .erf {
      let gelu = kernels.gelu
      addRows(node, out) { rows in
        gelu(
          RowsArguments(
            source: input.base, sourceStride: input.stride, columns: out.columns, rows: rows,
            out: out.address))
      }
      return
    }
    addElements(node, input, out) { Float(variant.value(Double($0))) }
  }

  mutating func addSoftmax(
    _ softmax: Softmax, _ node: GraphNode, _ input: Placement, _ out: Placement
  ) {
    if softmax == Softmax() {
      let run = kernels.softmax
      addRows(node, out) { rows in
        run(
          RowsArguments(
            source: input.base, sourceStride: input.stride, columns: out.columns, rows: rows,
            out: out.address))
      }
      return
    }
    let shape = graph[node.output].shape
    let unusual = UnusualSoftmax(
      softmax: softmax, numHeads: shape[0], queries: shape[1], keys: shape[2], input: input,
      out: out)
    addStep(node, unusual.unitCount) { units, _ in
      for unit in units { unusual.run(unit) }
    }
  }

  mutating func addRounding(
    _ format: NumberFormat, _ length: Int, _ node: GraphNode, _ input: Placement, _ out: Placement
  ) {
    addRows(node, out) { rows in
      for row in rows {
        out.row(row).update(from: input.row(row), count: out.columns)
        var start = 0
        while start < out.columns {
          let count = min(length, out.columns - start)
          format.round(
            row: UnsafeMutableBufferPointer(start: out.row(row) + start, count: count))
          start += count
        }
      }
    }
  }

  mutating func addMerge(
    _ order: AttentionContext.HeadOrder, _ numHeads: Int, _ node: GraphNode, _ input: Placement,
    _ out: Placement
  ) {
    let columns = out.columns
    let headDim = columns / numHeads
    let frames = out.rows
    addRows(node, out) { rows in
      for row in rows {
        for column in 0..<columns {
          // Where the element lies when heads stand side by side in order.
          var head = column / headDim
          var channel = column % headDim
          var frame = row
          switch order {
          case .headMajor: break
          case .channelMajor:
            head = column % numHeads
            channel = column / numHeads
          case .reversed: head = numHeads - 1 - head
          case .unpermuted:
            let position = row * columns + column
            head = position / (frames * headDim)
            frame = position / headDim % frames
            channel = position % headDim
          }
          out.row(row)[column] = input.row(frame)[head * headDim + channel]
        }
      }
    }
  }

  mutating func addReplacement(
    _ from: Int, _ node: GraphNode, _ inputs: [Placement], _ out: Placement
  ) {
    addRows(node, out) { rows in
      for row in rows {
        let source = row >= from && row < inputs[1].rows ? inputs[1] : inputs[0]
        out.row(row).update(from: source.row(row), count: out.columns)
      }
    }
  }

  /// A function of every element.
  mutating func addElements(
    _ node: GraphNode, _ input: Placement, _ out: Placement, _ function: @escaping (Float) -> Float
  ) {
    addRows(node, out) { rows in
      for row in rows {
        let source = input.row(row)
        let target = out.row(row)
        for column in 0..<out.columns { target[column] = function(source[column]) }
      }
    }
  }
}
