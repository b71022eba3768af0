import EncoderModel
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension AttentionMoments {
  /// V of one element of the context from the query's own probabilities and scores: what the pooled
  /// model estimates, for a query that leans on an odd key.
  ///
  /// Σⱼ pⱼ²(vⱼ − o)²·(V(sⱼ) + |sⱼ − m|² + 16) + V(Σⱼ pⱼvⱼ) + (T/3 + 8)·o².
  func elementVariance(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, scale: Double
  ) -> ErrorModel.ElementVariance {
    let (q, k, v) = (
      q.converted(to: .float32), k.converted(to: .float32), v.converted(to: .float32)
    )
    let width = q.innerExtent
    let headDim = width / max(numHeads, 1)
    let keys = numKeys
    let scoreOperands = 4 + storage.input(0) + storage.input(1) + builder.operandVariance
    let valueOperands = 5 + storage.input(2) + builder.operandVariance
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
      let largest = scores.reduce(-Double.infinity) { max($0, $1.sum) }
      let weights = scores.map { exp($0.sum - largest) }
      let total = weights.reduce(0, +)
      let values = v.withFloat32 { buffer in
        (0..<keys).map { Double(buffer[$0 * width + offset + channel]) }
      }
      let product = ProductTerms(length: keys) { weights[$0] / total * values[$0] }
      let o = product.sum
      var variance = product.variance(operands: valueOperands) + (Double(keys) / 3 + 8) * o * o
      for key in 0..<keys {
        let lever = weights[key] / total * (values[key] - o)
        let shift = scores[key].sum - largest
        variance +=
          lever * lever * (scores[key].variance(operands: scoreOperands) + shift * shift + 16)
      }
      return variance
    }
  }
}
