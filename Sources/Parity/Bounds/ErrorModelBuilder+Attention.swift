import EncoderModel
import TensorCore

extension ErrorModelBuilder {
  /// scale·q·kᵀ per head. OpenAI's code scales q and k by the root of `scale` each: two more
  /// roundings of every operand, 4P.
  func scoresModel(_ scores: AttentionScores, _ inputs: [Tensor], _ storage: StorageRounding)
    -> ErrorModel
  {
    let (q, k) = (inputs[0].converted(to: .float32), inputs[1].converted(to: .float32))
    var energy = 0.0
    let products = withHeads(q, k, numHeads: scores.numHeads) { head, a, b in
      let product = ProductVariance.rowsByRows(a, b)
      let matrix = panel(
        product, rows: a.rows, columns: b.rows, offset: head * a.rows * b.rows,
        rowStride: b.rows, scale: scores.scale,
        operands: 4 + storage.input(0) + storage.input(1))
      return (matrix, product.total)
    }
    for product in products { energy += product.1 * scores.scale * scores.scale }
    let width = q.innerExtent
    let headDim = width / max(scores.numHeads, 1)
    let operands = 4 + storage.input(0) + storage.input(1) + operandVariance
    return ErrorModel(
      panels: products.map(\.0), unit: claim.unit, productEnergy: energy,
      elementAllowance: { head, query, key in
        q.withFloat32 { a in
          k.withFloat32 { b in
            ProductTerms(length: headDim) { index in
              scores.scale * Double(a[query * width + head * headDim + index])
                * Double(b[key * width + head * headDim + index])
            }.allowance(operands: operands, unit: claim.unit)
          }
        }
      })
  }

  /// probabilities·v per head, with probabilities that the candidate dumped.
  func contextModel(
    _ context: AttentionContext, _ inputs: [Tensor], _ node: ProgramNode,
    _ storage: StorageRounding
  ) -> ErrorModel {
    let (probs, v) = (inputs[0].converted(to: .float32), inputs[1].converted(to: .float32))
    let heads = context.numHeads
    let queries = probs.shape[1]
    let keys = probs.shape[2]
    let headDim = v.innerExtent / max(heads, 1)
    let products = probs.withFloat32 { pBuffer in
      v.withFloat32 { vBuffer -> [(ErrorPanel, Double)] in
        guard let pBase = pBuffer.baseAddress, let vBase = vBuffer.baseAddress else { return [] }
        return (0..<heads).map { head in
          let a = MatrixView(
            base: pBase + head * queries * keys, rows: queries, columns: keys, rowStride: keys)
          let b = MatrixView(
            base: vBase + head * headDim, rows: keys, columns: headDim, rowStride: v.innerExtent)
          let product = ProductVariance.rowsByColumns(a, b)
          let matrix = panel(
            product, rows: queries, columns: headDim, offset: head * headDim,
            rowStride: v.innerExtent, operands: storage.input(0) + storage.input(1))
          return (matrix, product.total)
        }
      }
    }
    let operands = storage.input(0) + storage.input(1) + operandVariance
    let width = v.innerExtent
    return ErrorModel(
      panels: products.map(\.0), unit: claim.unit,
      productEnergy: products.reduce(0) { $0 + $1.1 },
      elementAllowance: { head, query, channel in
        probs.withFloat32 { p in
          v.withFloat32 { values in
            ProductTerms(length: keys) { key in
              Double(p[(head * queries + query) * keys + key])
                * Double(values[key * width + head * headDim + channel])
            }.allowance(operands: operands, unit: claim.unit)
          }
        }
      })
  }

  /// Softmax over keys: p = exp(s − m)/Σ.
  ///
  /// Relative to p: the rounding of s − m is carried by exp, |s − m|; exp itself, a few u, and in
  /// streaming form the products with exp(m_old − m_new), together 16; the sum of n positive terms,
  /// n/3; and what the terms' errors do to the sum, Σp²(s − m)², at most 4/e² for any row.
  /// - Note: Source Blanchard, Higham & Higham 2019 (arXiv 1909.03469), theorem 4.3, with the
  ///   random model instead of the worst case.
  func softmaxModel(_ x: Tensor, _ node: ProgramNode, _ storage: StorageRounding) -> ErrorModel {
    let keys = x.innerExtent
    let rows = x.rowCount
    let shifts = x.withFloat32 { buffer in
      (0..<rows).map { row in
        var largest = -Float.infinity
        for j in 0..<keys { largest = max(largest, buffer[row * keys + j]) }
        return Double(largest)
      }
    }
    var panel = fullPanel(rows: rows, columns: keys)
    panel.softmaxShift = shifts
    panel.result = 17 + Double(keys) / 3
    if storage.input(0) > 0 {
      let spread = shifts.map { abs($0) }.max() ?? 0
      panel.result += storage.input(0) * spread * spread
    }
    let base = panel
    return ErrorModel(
      panels: [panel], unit: claim.unit, input: x,
      elementAllowance: { _, row, key in
        softmaxAllowance(x, row: row, key: key, base, unit: claim.unit)
      })
  }

  /// V of one probability, and what equal terms of its normaliser share.
  private func softmaxAllowance(
    _ x: Tensor, row: Int, key: Int, _ panel: ErrorPanel, unit: Double
  ) -> ElementAllowance {
    let keys = x.innerExtent
    let scores = x.withFloat32 { Array($0[(row * keys)..<((row + 1) * keys)]) }
    let softmax = ExactSoftmax(scores.map(Double.init))
    let probability = softmax.exponentials[key] / softmax.total
    var allowance = ElementAllowance(
      variance: panel.variance(
        row: row, column: key, exact: probability, input: Double(scores[key])))
    allowance.alike.add(softmax.alike(unit: unit), weight: probability)
    return allowance
  }

  /// Lends head after head of two activations `[T, C]`.
  func withHeads<R>(
    _ a: Tensor, _ b: Tensor, numHeads: Int, _ body: (Int, MatrixView, MatrixView) -> R
  ) -> [R] {
    let width = a.innerExtent / max(numHeads, 1)
    return a.withFloat32 { aBuffer in
      b.withFloat32 { bBuffer -> [R] in
        guard let left = MatrixView(aBuffer, rows: a.rowCount, columns: a.innerExtent),
          let right = MatrixView(bBuffer, rows: b.rowCount, columns: b.innerExtent)
        else { return [] }
        return (0..<numHeads).map { head in
          let range = (head * width)..<((head + 1) * width)
          return body(head, left.columns(range), right.columns(range))
        }
      }
    }
  }
}
