import EncoderModel
import TensorCore

extension ErrorModelBuilder {
  /// What rounding allows an operation that only faulty programs have: it moves, scales or rounds
  /// values, one rounding of the result at most, u·|y|, in the format that it rounds to.
  func rewriteModel(_ operation: Operation, _ node: ProgramNode, _ inputs: [Tensor])
    -> ErrorModel?
  {
    guard let x = inputs.first else { return nil }
    var rows = x.rowCount
    var panel: ErrorPanel
    switch operation {
    case .transform(let transform):
      if case .framesSliced(_, _, let count) = transform { rows = count }
      if case .framesPadded = transform { rows += 2 }
      panel = fullPanel(rows: rows, columns: x.innerExtent)
      switch transform {
      case .rounded(let format):
        let ratio = format.unitRoundoff / claim.unit
        panel.result = max(1, ratio * ratio)
      case .offset(let constant):
        // x + c rounds like any sum, and c itself may have been rounded.
        panel.floor += constant * constant
      default: break
      }
    case .replaceRows: panel = fullPanel(rows: rows, columns: x.innerExtent)
    default: return nil
    }
    return ErrorModel(panels: [panel], unit: claim.unit)
  }

  /// A position table that a port computes anew in Float32: the angle t·ω with ω ≤ 1 is off by u·t for
  /// its own rounding and as much again for that of ω, and so are its sine and cosine: V = (2t + 2)², its
  /// own rounding included.
  func allowForSinusoids(_ table: WeightReference, _ model: inout ErrorModel) {
    var first: Int?
    for transform in table.transforms {
      switch transform {
      case .sinusoids, .sinusoidsWithBase: first = 0
      case .sinusoidsFrom(let frame): first = frame
      default: break
      }
    }
    guard let first else { return }
    for index in model.panels.indices {
      let panel = model.panels[index]
      model.panels[index].separable.append(
        .init(
          row: (0..<panel.rows).map { row in
            let angle = Double(abs(row + first)) + 1
            return 4 * angle * angle
          },
          column: [Double](repeating: 1, count: panel.columns)))
    }
  }
}
