/// Steps that work row by row: layer norm, activations, softmax, rounding, transforms.

import EncoderModel
import KernelTable

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

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
      for row in rows {
        normaliseUnusually(
          norm, input.row(row), weight.base, bias.base, columns, out.row(row))
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
    addElements(node, input, out) { activation(variant, $0) }
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

extension LayerNorm {
  /// Whether the kernels know it.
  var isUsual: Bool { isCentred && !usesSampleVariance && !usesFloat16Variance }
}

/// The functions that stand in GELU's place in faulty ports.
private func activation(_ variant: GELUVariant, _ x: Float) -> Float {
  let value = Double(x)
  switch variant {
  case .erf: return Float(0.5 * value * erfc(-value * 0.5.squareRoot()))
  case .tanh:
    let inner = (2 / Double.pi).squareRoot() * (value + 0.044715 * value * value * value)
    return Float(0.5 * value * (1 + tanh(inner)))
  case .tanhTable:
    if x <= -10 { return 0 }
    return x >= 10 || x.isNaN ? x : Float(Float16(activation(.tanh, Float(Float16(x)))))
  case .quick: return Float(value / (1 + exp(-1.702 * value)))
  case .relu: return x < 0 ? 0 : x
  case .silu: return Float(value / (1 + exp(-value)))
  case .identity: return x
  }
}

/// A layer norm with another variance or without centring.
private func normaliseUnusually(
  _ norm: LayerNorm, _ source: UnsafeMutablePointer<Float>, _ weight: UnsafeMutablePointer<Float>,
  _ bias: UnsafeMutablePointer<Float>, _ columns: Int, _ out: UnsafeMutablePointer<Float>
) {
  var mean = 0.0
  if norm.isCentred {
    for column in 0..<columns { mean += Double(source[column]) }
    mean /= Double(columns)
  }
  var variance = 0.0
  for column in 0..<columns {
    let difference = Double(source[column]) - mean
    variance += difference * difference
  }
  let isSumInRange = !norm.usesFloat16Variance || variance <= 65504
  variance = isSumInRange ? variance : .infinity
  variance /= Double(norm.usesSampleVariance ? columns - 1 : columns)
  if norm.usesFloat16Variance { variance = Double(Float16(variance)) }
  let scale = 1 / (variance + norm.epsilon).squareRoot()
  for column in 0..<columns {
    let normal = (Double(source[column]) - mean) * scale
    out[column] = Float(normal * Double(weight[column]) + Double(bias[column]))
  }
}
