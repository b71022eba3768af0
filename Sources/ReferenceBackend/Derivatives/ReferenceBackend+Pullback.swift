/// The derivative of every sound operation in Float64, backwards: cotangents of a value become
/// cotangents of what it was computed from.
package import EncoderModel
package import TensorCore

extension ReferenceBackend: OperationDerivative {
  package func pullback(
    _ node: ProgramNode, inputs: [Tensor], cotangent: Tensor
  ) throws -> [Tensor] {
    let calculator = exactCalculator
    switch node.operation {
    case .input: return []
    case .linear(let linear):
      return [try calculator.linearPullback(linear, inputs[0], cotangent, node.name)]
    case .conv1d(let convolution):
      return [try calculator.convolutionPullback(convolution, inputs[0], cotangent, node.name)]
    case .gelu: return [calculator.geluPullback(inputs[0], cotangent)]
    case .addPosition: return [cotangent]
    case .add: return [cotangent, cotangent]
    case .layerNorm(let norm):
      return [try calculator.layerNormPullback(norm, inputs[0], cotangent, node.name)]
    case .attentionScores, .softmax, .attentionContext, .transform, .replaceRows:
      throw ReferenceError.noDerivative(node: node.name)
    }
  }

  package func pullbackAttention(
    scores: ProgramNode, context: ProgramNode, query: Tensor, key: Tensor, value: Tensor,
    cotangent: Tensor
  ) throws -> [Tensor] {
    guard case .attentionScores(let scoring) = scores.operation else {
      throw ReferenceError.noDerivative(node: scores.name)
    }
    return try exactCalculator.attentionPullback(
      scoring, query, key, value, cotangent, context.name)
  }
}
