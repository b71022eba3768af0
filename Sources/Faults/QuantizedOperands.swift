package import EncoderModel

/// How an engine that quantises while running reads both operands of a product with a weight.
package struct QuantizedOperands: Sendable, Hashable {
  package var weights: OperandCoding
  package var input: OperandCoding
  /// What `--inject` calls it: the names of both with a slash between.
  package var name: String

  /// The pair of that name; `nil` where there is none.
  package init?(name: String) {
    let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2, let weights = OperandCoding(name: parts[0]),
      let input = OperandCoding(name: parts[1])
    else { return nil }
    self.weights = weights
    self.input = input
    self.name = name
  }

  /// Those that engines are known to have: ONNX Runtime's dynamic quantisation, PyTorch's, torchao's
  /// of integers and of 8-bit floats, and ggml's.
  package static let all: [QuantizedOperands] = [
    "int8-per-tensor/uint8-per-tensor", "uint8-per-tensor/uint8-per-tensor",
    "int8-per-channel/uint8-per-tensor", "int8-by-255-per-tensor/uint7-per-tensor",
    "int8-by-255-per-channel/uint7-per-tensor", "int8-by-255-per-channel/int8-by-255-per-channel",
    "int8-by-255-per-channel/uint8-per-channel", "int8-by-255-group-32/uint8-per-channel",
    "int4-by-15-group-32/uint8-per-channel", "int8-per-channel/int8-per-channel",
    "fp8-e4m3-per-tensor/fp8-e4m3-per-tensor",
    "fp8-e4m3-per-channel/fp8-e4m3-per-channel", "q8_0/q8_0", "q5_1/q8_0", "q5_0/q8_0",
    "q4_1/q8_0", "q4_0/q8_0",
  ].compactMap(QuantizedOperands.init)
}
