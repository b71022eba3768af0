import EncoderModel
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension AttentionMoments {
  /// What one element of the context may be off by, from the query's own probabilities and scores:
  /// what the pooled model estimates, for a query that leans on an odd key, or on many equal ones.
  ///
  /// Equal keys have the same score with the same error, so levers pⱼ(vⱼ − o) are added up over each
  /// group g of them before they are squared:
  ///
  ///     V = Σ_g max((Σⱼ pⱼ(vⱼ − o))², Σⱼ pⱼ²(vⱼ − o)²)·(V(s_g) + |s_g − m|² + 16)
  ///         + V(Σⱼ pⱼvⱼ) + (T/3 + 8)·o²;
  ///
  /// the larger of both, as an engine need not sum equal keys in the same order. Terms of Σ pⱼvⱼ and
  /// of the normaliser that are equal are rounded alike besides.
  func elementAllowance(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, scale: Double
  ) -> ErrorModel.Allowance {
    let (q, k, v) = (
      q.converted(to: .float32), k.converted(to: .float32), v.converted(to: .float32)
    )
    let width = q.innerExtent
    let headDim = width / max(numHeads, 1)
    let keys = numKeys
    let scoreOperands = 4 + storage.input(0) + storage.input(1) + builder.operandVariance
    let valueOperands = 5 + storage.input(2) + builder.operandVariance
    let unit = builder.claim.unit
    return { head, query, channel in
      let offset = head * headDim
      let scores = q.withFloat32 { a in
        k.withFloat32 { b in
          (0..<keys).map { key in
            ProductTerms(length: headDim) {
              scale * Double(a[query * width + offset + $0]) * Double(b[key * width + offset + $0])
            }
          }
        }
      }
      let values = v.withFloat32 { buffer in
        (0..<keys).map { Double(buffer[$0 * width + offset + channel]) }
      }
      let softmax = ExactSoftmax(scores.map(\.sum))
      let weights = softmax.probabilities
      let product = ProductTerms(length: keys) { weights[$0] * values[$0] }
      var allowance = product.allowance(operands: valueOperands, unit: unit)
      let o = product.sum
      allowance.variance += (Double(keys) / 3 + 8) * o * o
      allowance.variance += scoreVariance(
        scores, levers: (0..<keys).map { weights[$0] * (values[$0] - o) },
        operands: scoreOperands)
      allowance.alike.add(softmax.alike(unit: unit), weight: o)
      return allowance
    }
  }
}

/// Σ over groups of equal scores of the group's lever, squared, times the variance of a score.
private func scoreVariance(
  _ scores: [ProductTerms], levers: [Double], operands: Double
) -> Double {
  let largest = scores.reduce(-Double.infinity) { max($0, $1.sum) }
  var groups: [Double: (first: Int, lever: Double, squares: Double)] = [:]
  for (key, score) in scores.enumerated() {
    let group = groups[score.sum] ?? (key, 0, 0)
    groups[score.sum] = (
      group.first, group.lever + levers[key], group.squares + levers[key] * levers[key]
    )
  }
  var variance = 0.0
  for group in groups.values.sorted(by: { $0.first < $1.first }) {
    let shift = scores[group.first].sum - largest
    variance +=
      max(group.lever * group.lever, group.squares)
      * (scores[group.first].variance(operands: operands) + shift * shift + 16)
  }
  return variance
}
