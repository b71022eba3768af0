/// Synthetic weights against numpy, and that they look like a trained model's.
import EncoderModel
import TensorCore
import Testing

@Suite struct SyntheticWeightsTests {
  /// FNV-1a over the bytes that Scripts/synthetic_weights.py (numpy 2.5) draws.
  @Test(
    "the same bits as numpy",
    arguments: [
      ("synthetic:tiny", "encoder.conv1.weight", 0xC335_92EF_E0F6_8E4C),
      ("synthetic:tiny", "encoder.conv1.bias", 0xFFE8_6E00_EA37_99E1),
      ("synthetic:tiny@0", "encoder.blocks.3.attn.out.bias", 0x7734_17DC_A8EE_E75C),
      ("synthetic:tiny", "encoder.blocks.2.mlp_ln.weight", 0x9092_F20B_85CC_73C1),
      ("synthetic:tiny", "encoder.blocks.1.attn.query.weight", 0x01B6_F627_D4F2_90B9),
      ("synthetic:tiny", "encoder.blocks.0.mlp.2.weight", 0x7069_D83F_C0D0_5220),
      ("synthetic:tiny", "encoder.positional_embedding", 0xAB3E_47D5_E928_818E),
      ("synthetic:large-v3@5", "encoder.conv1.weight", 0x95C7_BC06_E528_B6EE),
      ("synthetic:large-v3@5", "encoder.blocks.3.attn.out.bias", 0xB992_87A1_1265_BBDD),
      ("synthetic:large-v3@5", "encoder.blocks.0.mlp.2.weight", 0x8CCE_183A_39AE_3E76),
      ("synthetic:large-v3@5", "encoder.positional_embedding", 0xF40A_A6D5_FCCE_F8A1),
    ] as [(String, String, UInt64)])
  func sameBitsAsNumpy(spec: String, weight: String, expected: UInt64) throws {
    let tensor = try ModelLoader.load(spec).weights.weight(weight)
    #expect(tensor.withUnsafeBytes { fnv1a($0) } == expected)
  }

  @Test("every expected weight is there, of its shape, finite and not constant")
  func allWeights() throws {
    let model = try ModelLoader.load("synthetic:tiny")
    #expect(model.dimensions.text == nil)
    for (name, shape) in model.dimensions.encoderWeightShapes {
      let tensor = try model.weights.weight(name)
      #expect(tensor.shape == shape, "\(name)")
      let values = tensor.float32Array
      #expect(!values.contains { !$0.isFinite })
      #expect(values.min() != values.max(), "\(name)")
    }
  }

  @Test("another seed draws other weights; the same seed the same hash")
  func seeds() throws {
    let zero = try ModelLoader.load("synthetic:tiny")
    let one = try ModelLoader.load("synthetic:tiny@1")
    let again = try ModelLoader.load("synthetic:tiny@0")
    #expect(zero.encoderWeightsHash == again.encoderWeightsHash)
    #expect(zero.encoderWeightsHash != one.encoderWeightsHash)
    #expect(zero.encoderWeightsHash.count == 16)
  }

  @Test(
    "what is no synthetic model is refused in one line",
    arguments: ["synthetic:huge", "synthetic:", "synthetic:tiny@x", "synthetic:tiny@-1", "nowhere"])
  func refused(spec: String) {
    let error = #expect(throws: ModelError.self) { try ModelLoader.load(spec) }
    #expect(error.map { !"\($0)".contains("\n") && "\($0)".contains(spec) } == true)
  }
}
