import EncoderModel
import TensorCore

/// Scores, softmax and context as one operation, where no attention map was dumped: Float64, row
/// by row, so that no `[heads, T, T]` is ever held.
///
/// Error model of oᵢ = Σⱼ pᵢⱼvⱼ, per head, in units of u²:
/// - an error εᵢⱼ of score and exponential moves o by Σⱼ pᵢⱼ(vⱼ − oᵢ)εᵢⱼ. V(ε) is that of the score's
///   product, plus |s − m|² and 16 as for a softmax. Summed over keys with weights p², exactly, it
///   is Wᵢ; the spread of v around its p²-weighted mean stands for (v − o)²: Wᵢ·D_d;
/// - the product over T keys: (T/6 + 5)·Σⱼ pᵢⱼ²vⱼ² from marginals, and T/3·o² for coherent sums;
/// - the normaliser, a coherent sum of T positive terms: T/3·o² again. Streaming softmax rescales
///   partial sums, a few roundings more.
struct FusedAttention {
  var scores: ProgramNode
  var softmax: ProgramNode
  var context: ProgramNode
  var oracle: any OperationEvaluator

  /// The context for q, k, v `[T, C]`, and its error model where a builder is given.
  func evaluate(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, builder: ErrorModelBuilder?, storage: StorageRounding
  ) throws -> (value: Tensor, model: ErrorModel?) {
    guard let builder, case .attentionScores(let product) = scores.operation else {
      return (try value(q, k, v, observing: nil), nil)
    }
    let moments = AttentionMoments(
      builder: builder, q: q, k: k, scores: product, storage: storage)
    let value = try value(q, k, v) { moments.add($0) }
    var model = moments.model(v: v)
    model.elementAllowance = moments.elementAllowance(q, k, v, scale: product.scale)
    return (value, model)
  }

  private func value(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, observing observe: ((AttentionRow) -> Void)?
  ) throws -> Tensor {
    try oracle.evaluateAttention(
      scores: scores, softmax: softmax, context: context, query: q, key: k, value: v,
      observing: observe)
  }
}
