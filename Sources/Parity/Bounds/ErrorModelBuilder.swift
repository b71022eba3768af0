import EncoderModel
import TensorCore

/// Builds the error model of an operation from the inputs that the candidate had.
struct ErrorModelBuilder: Sendable {
  var statistics: WeightStatistics
  var claim: PrecisionClaim

  /// The model of `node` for these inputs, or `nil` for the mel, which nobody computes.
  func model(for node: ProgramNode, inputs: [Tensor], storage: StorageRounding) throws
    -> ErrorModel?
  {
    var model: ErrorModel
    switch node.operation {
    case .input: return nil
    case .transform, .replaceRows:
      guard let rewrite = rewriteModel(node.operation, node, inputs) else { return nil }
      model = rewrite
    case .linear(let linear):
      model = try linearModel(linear, inputs[0], storage)
    case .conv1d(let conv):
      model = try convolutionModel(conv, inputs[0], node, storage)
    case .attentionScores(let scores): model = scoresModel(scores, inputs, storage)
    case .softmax: model = softmaxModel(inputs[0], node, storage)
    case .attentionContext(let context): model = contextModel(context, inputs, node, storage)
    case .layerNorm(let norm): model = try layerNormModel(norm, inputs[0], storage)
    case .gelu: model = geluModel(inputs[0], storage)
    case .addPosition(let table):
      model = addModel(inputs[0], node, storage)
      allowForSinusoids(table, &model)
    case .add: model = addModel(inputs[0], node, storage)
    }
    for index in model.panels.indices {
      model.panels[index].result += storage.output
      model.panels[index].floor += storage.outputFloor
    }
    return model
  }

  /// Variance of flushed denormals.
  var floor: Double { (0x1p-126 / claim.unit) * (0x1p-126 / claim.unit) }

  /// What each operand of a product is rounded to, squared, in units of u².
  var operandVariance: Double {
    2 * (claim.operandUnit / claim.unit) * (claim.operandUnit / claim.unit)
  }

  /// A panel over a whole tensor `[rows, columns]`.
  func fullPanel(rows: Int, columns: Int) -> ErrorPanel {
    ErrorPanel(
      rows: rows, columns: columns, offset: 0, rowStride: columns,
      coherent: [Double](repeating: 0, count: rows), floor: floor)
  }

  /// A panel for the rounding of a product.
  func panel(
    _ product: ProductVariance, rows: Int, columns: Int, offset: Int, rowStride: Int,
    scale: Double = 1, operands: Double, bias: [Double]? = nil
  ) -> ErrorPanel {
    let weight = product.separableWeight(operands: operands + operandVariance) * scale * scale
    return ErrorPanel(
      rows: rows, columns: columns, offset: offset, rowStride: rowStride,
      separable: [
        .init(row: product.rows.map { $0 * weight }, column: product.columns)
      ],
      coherent: [Double](repeating: product.coherentWeight, count: rows),
      mayStartFromBias: bias != nil, bias: bias, floor: floor)
  }

  private func linearModel(_ linear: Linear, _ input: Tensor, _ storage: StorageRounding) throws
    -> ErrorModel
  {
    let x = input.converted(to: .float32)
    let weight = try statistics.tensor(linear.weight)
    let energies = try statistics.columnEnergies(linear.weight)
    let bias = try statistics.vector(linear.bias)
    let product = x.withFloat32 { xBuffer in
      weight.withFloat32 { wBuffer -> ProductVariance? in
        guard let a = MatrixView(xBuffer, rows: x.rowCount, columns: x.innerExtent),
          let b = MatrixView(wBuffer, rows: weight.rowCount, columns: weight.innerExtent)
        else { return nil }
        return .rowsByRows(a, b, bEnergies: energies)
      }
    }
    var model = productModel(product, rows: x.rowCount, columns: weight.rowCount, bias, storage)
    let depth = weight.innerExtent
    let operands = storage.input(0) + operandVariance
    let unit = claim.unit
    model.elementAllowance = { _, row, column in
      x.withFloat32 { a in
        weight.withFloat32 { b in
          largerAllowance(
            length: depth, bias: bias?[column], operands: operands, unit: unit
          ) { k in
            Double(a[row * depth + k]) * Double(b[column * depth + k])
          }
        }
      }
    }
    return model
  }

  private func convolutionModel(
    _ conv: Conv1D, _ input: Tensor, _ node: ProgramNode, _ storage: StorageRounding
  ) throws -> ErrorModel {
    let x = input.converted(to: .float32)
    let weight = try statistics.tensor(conv.weight)
    let energies = try statistics.columnEnergies(conv.weight)
    let bias = try statistics.vector(conv.bias)
    let frames = conv.outputFrames(x.rowCount)
    let out = weight.shape.first ?? 1
    let product = x.withFloat32 { xBuffer in
      weight.withFloat32 { wBuffer -> ProductVariance? in
        guard let a = MatrixView(xBuffer, rows: x.rowCount, columns: x.innerExtent),
          let b = MatrixView(wBuffer, rows: out, columns: weight.elementCount / max(out, 1))
        else { return nil }
        return .convolution(
          a, kernel: b, kernelEnergies: energies, stride: conv.stride,
          paddingLeft: conv.paddingLeft, outputFrames: frames)
      }
    }
    var model = productModel(product, rows: frames, columns: out, bias, storage)
    let (rows, channels) = (x.rowCount, x.innerExtent)
    let operands = storage.input(0) + operandVariance
    let unit = claim.unit
    model.elementAllowance = { _, row, column in
      x.withFloat32 { a in
        weight.withFloat32 { b in
          largerAllowance(
            length: 3 * channels, bias: bias?[column], operands: operands, unit: unit
          ) { k in
            let (tap, channel) = (k / channels, k % channels)
            let frame = row * conv.stride + tap - conv.paddingLeft
            guard frame >= 0 && frame < rows else { return 0 }
            return Double(a[frame * channels + channel])
              * Double(b[(column * channels + channel) * 3 + tap])
          }
        }
      }
    }
    return model
  }

  private func productModel(
    _ product: ProductVariance?, rows: Int, columns: Int, _ bias: [Double]?,
    _ storage: StorageRounding
  ) -> ErrorModel {
    guard let product else { return ErrorModel(panels: [], unit: claim.unit) }
    return ErrorModel(
      panels: [
        panel(
          product, rows: rows, columns: columns, offset: 0, rowStride: columns,
          operands: storage.input(0), bias: bias)
      ], unit: claim.unit, productEnergy: product.total)
  }
}

/// The allowance of one element of a product whose sum may start from its bias.
private func largerAllowance(
  length: Int, bias: Double?, operands: Double, unit: Double, term: (Int) -> Double
) -> ElementAllowance {
  let plain = ProductTerms(length: length, term: term).allowance(operands: operands, unit: unit)
  guard let bias else { return plain }
  let biased = ProductTerms(length: length, start: bias, term: term)
    .allowance(operands: operands, unit: unit)
  return biased.variance > plain.variance ? biased : plain
}
