import EncoderModel
import Foundation
import TensorCore
import TensorIO
import Testing

/// A transform of a weight, against PyTorch's result in `Scripts/operation_goldens.py`.
struct WeightTransformCase: Sendable, CustomTestStringConvertible {
  var name: String
  var weight: String
  var transform: WeightTransform
  var testDescription: String { name }

  init(_ name: String, _ weight: String, _ transform: WeightTransform) {
    self.name = name
    self.weight = weight
    self.transform = transform
  }

  static let all: [WeightTransformCase] =
    EightBitFloat.all.map { WeightTransformCase($0.name, "w.dense", .eightBitFloat($0)) } + [
      uniform("int8-per-channel", "w.conv"), uniform("int8-group-64", "w.dense"),
      uniform("int8-by-255-per-tensor", "w.dense"), uniform("uint8-per-tensor", "w.dense"),
      uniform("int8-by-255-per-channel", "w.conv"), uniform("uint8-per-channel", "w.conv"),
      WeightTransformCase("int8-per-channel", "w.conv", .rounded(.int8)),
      WeightTransformCase("fp8-e4m3-unscaled", "w.dense", .rounded(.fp8e4m3)),
      WeightTransformCase("fp8-e5m2-unscaled", "w.dense", .rounded(.fp8e5m2)),
      WeightTransformCase("clamped", "w.table", .rowsClamped(count: 9)),
      WeightTransformCase("wrapped", "w.table", .rowsWrapped(count: 9)),
      WeightTransformCase("repeated", "w.shift", .repeatedAsRows(7)),
      WeightTransformCase("sinusoids-1000", "w.table", .sinusoidsWithBase(1000)),
      WeightTransformCase("sinusoids-500000", "w.table", .sinusoidsWithBase(500_000)),
      WeightTransformCase("sinusoids-f16", "w.table", .sinusoidsComputed(in: .float16)),
      WeightTransformCase("sinusoids-bf16", "w.table", .sinusoidsComputed(in: .bfloat16)),
    ]

  private static func uniform(_ name: String, _ weight: String) -> WeightTransformCase {
    let scheme =
      UniformQuantization(name: name)
      ?? UniformQuantization(bits: 0, span: .symmetric, granularity: .tensor)
    return WeightTransformCase(name, weight, .uniformlyQuantized(scheme))
  }
}

@Suite("Weights as faults alter them")
struct WeightTransformTests {
  @Test("agree with PyTorch", arguments: WeightTransformCase.all)
  func agrees(altered: WeightTransformCase) throws {
    let path = URL(fileURLWithPath: #filePath)
      .appending(path: "../../../Fixtures/goldens/ops/operations.safetensors")
    let file = try SafetensorsFile(path.standardizedFileURL.path)
    let expected = try file.tensor("weight.\(altered.name)")
    let value = altered.transform.apply(to: try file.tensor(altered.weight))
    #expect(value.shape == expected.shape)
    let (x, y) = (value.float64Array, expected.float64Array)
    // The same operations in Float32; a sine may be off by a last place of Float32 before it is rounded.
    let differing = zip(x, y).filter { abs($0 - $1) > 0x1p-23 * max(abs($1), 0x1p-20) }
    #expect(differing.isEmpty, "\(differing.count) of \(x.count)")
  }
}
