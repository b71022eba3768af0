/// What a node does; everything that a program's operation can say, in fewer and simpler terms.

package import EncoderModel

package enum GraphOperation: Sendable, Hashable {
  /// The stage's input.
  case input
  /// A dense layer or convolution with all that follows it in the same pass over its result.
  case product(ProductOperation)
  /// scale·q·kᵀ per head.
  case scores(numHeads: Int, scale: Double)
  case softmax(Softmax)
  /// probabilities·v per head, heads side by side.
  case context(numHeads: Int)
  /// Scores, softmax and context in one, without the attention maps.
  case attention(numHeads: Int, scale: Double)
  case layerNorm(LayerNorm)
  case gelu(GELUVariant)
  case add
  case addTable(WeightReference)
  /// Rows, or pieces of `length` channels of them, rounded to a number format.
  case round(NumberFormat, length: Int)
  /// Heads that lie side by side, laid otherwise.
  case mergeHeads(AttentionContext.HeadOrder, numHeads: Int)
  case transform(TensorTransform)
  case replaceRows(from: Int)
}

/// out = residual + table + activation(A·W + bias).
package struct ProductOperation: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    /// `[T, in]`·`[out, in]`ᵀ.
    case linear
    /// Kernel `[out, in, 3]`.
    case convolution(stride: Int, paddingLeft: Int, paddingRight: Int)
  }
  package var kind: Kind
  package var weight: WeightReference
  package var bias: WeightReference?
  /// Exact GELU on A·W + bias.
  package var activates = false
  /// A `[T, out]` weight added at the end.
  package var table: WeightReference?
  /// Whether the node's second input is added at the end.
  package var addsResidual = false
}
