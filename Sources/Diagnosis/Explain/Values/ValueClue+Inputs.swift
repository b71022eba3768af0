import EncoderModel
import TensorCore

/// What the values of a tap say of the tensors that it was made from.
extension ValueClue {
  /// The operation as it should be, but on another tensor of the same run than its own input.
  static func otherInput(_ own: Tensor, _ tap: String, _ level: Double, _ search: SpanSearch)
    -> ValueClue?
  {
    guard let node = search.context.program.node(named: tap), !node.inputs.isEmpty,
      node.inputs.allSatisfy(search.shelf.shown.contains)
    else { return nil }
    let bare = ProgramNode(
      name: tap, stage: node.stage, operation: node.operation, inputs: [], shape: node.shape)
    let sound = node.inputs.compactMap(search.shelf.tensor)
    guard sound.count == node.inputs.count else { return nil }
    var best: (text: String, residual: Double)?
    for index in sound.indices {
      for other in search.shelf.taps where other != tap && other != node.inputs[index] {
        guard let tensor = search.shelf.tensor(other), tensor.shape == sound[index].shape else {
          continue
        }
        var inputs = sound
        inputs[index] = tensor
        guard let value = try? search.context.oracle.evaluate(bare, inputs: inputs) else {
          continue
        }
        let residual = relativeDistance(own, value)
        if residual < best?.residual ?? .infinity {
          best = ("reads \(other) where it should read \(node.inputs[index])", residual)
        }
      }
    }
    guard let best else { return nil }
    return ValueClue(
      tap: tap, slug: "input-of-other-tap", ids: [47], text: best.text,
      remedy: "hand this operation the tensor that Whisper gives it", residual: best.residual,
      level: level)
  }

  /// Some elements are exactly zero and all others larger by 1/(1 − their share): dropout, which a
  /// model in training mode applies.
  static func dropout(_ own: Tensor, _ y: Tensor, _ tap: String, _ level: Double) -> ValueClue? {
    let (x, y) = (own.float64Array, y.float64Array)
    guard x.count == y.count, x.count >= 1000 else { return nil }
    // What is tiny may be zero by itself: a GELU of large negative values.
    let typical = (y.reduce(0) { $1.isFinite ? $0 + $1 * $1 : $0 } / Double(y.count)).squareRoot()
    var (zeros, counted, alike, size) = (0, 0, 0.0, 0.0)
    for i in x.indices where abs(y[i]) > 1e-3 * typical {
      counted += 1
      if x[i] == 0 {
        zeros += 1
      } else {
        alike += x[i] * y[i]
        size += y[i] * y[i]
      }
    }
    let share = Double(zeros) / Double(max(counted, 1))
    guard share > 0.002, share < 0.9, size > 0 else { return nil }
    let factor = alike / size
    var (left, norm) = (0.0, 0.0)
    for i in x.indices where x[i] != 0 {
      let d = x[i] - factor * y[i]
      left += d * d
      norm += x[i] * x[i]
    }
    // The share is a draw of n: six standard deviations of it.
    let spread = 6 * (share * (1 - share) / Double(max(counted, 1))).squareRoot()
    guard abs(1 - 1 / factor - share) <= spread, norm > 0 else { return nil }
    return ValueClue(
      tap: tap, slug: "dropout-active", ids: [],
      text: "\(Figure.short(share)) of the elements are zero and the others "
        + "\(Figure.short(factor)) times as large: dropout is applied",
      remedy: "switch the model to inference: model.eval(), dropout 0",
      residual: (left / norm).squareRoot(), level: level)
  }
}
