import TensorCore
import TensorIO
import Testing

/// What is written comes back, bit for bit, in every container and of every type.
@Suite struct RoundTripTests {
  static let shapes: [[Int]] = [[], [0], [1], [3, 0, 2], [5], [2, 3], [2, 1, 3, 4]]

  @Test("every type and shape survives", arguments: DumpFormat.allCases)
  func everyTypeSurvives(format: DumpFormat) throws {
    let folder = TemporaryFolder()
    let path = folder.file("dump")
    let writer = try makeDumpWriter(path, format: format)
    writer.metadata = ["model": "synthetic:tiny", "quote": "a \"b\" \\ é \n 😀"]
    var expected: [(String, Tensor)] = []
    for type in ScalarType.allCases {
      for (index, shape) in Self.shapes.enumerated() {
        let name = "encoder.blocks.\(index)/\(type.rawValue) é"
        expected.append((name, patterned(shape, type)))
        try writer.write(expected[expected.count - 1].1, named: name)
      }
    }
    try writer.finish()
    let source = try openTensorSource(path)
    #expect(Set(source.names) == Set(expected.map(\.0)))
    #expect(source.metadata["model"] == "synthetic:tiny")
    #expect(source.metadata["quote"] == "a \"b\" \\ é \n 😀")
    for (name, tensor) in expected {
      let read = try source.tensor(name)
      #expect(read.shape == tensor.shape)
      #expect(read.scalarType == tensor.scalarType)
      #expect(rawBytes(read) == rawBytes(tensor))
      let info = try source.info(name)
      #expect(info.shape == tensor.shape && info.scalarType == tensor.scalarType)
    }
    #expect(folder.entries == ["dump"])
  }

  @Test("the same tensors give the same bytes", arguments: [DumpFormat.safetensors, .npz])
  func deterministic(format: DumpFormat) throws {
    let folder = TemporaryFolder()
    for name in ["a", "b"] {
      let writer = try makeDumpWriter(folder.file(name), format: format)
      writer.metadata = ["z": "1", "a": "2", "m": "3"]
      try writer.write(patterned([3, 5], .float32), named: "x")
      try writer.write(patterned([7], .bfloat16), named: "y")
      try writer.finish()
    }
    #expect(try fileBytes(folder.file("a")) == (try fileBytes(folder.file("b"))))
  }

  @Test("a header larger than the reserved room moves the elements")
  func largeHeader() throws {
    let folder = TemporaryFolder()
    let path = folder.file("many.safetensors")
    let writer = try makeDumpWriter(path)
    for index in 0..<2000 {
      try writer.write(Tensor([Float(index)], shape: [1]), named: "tensor.number.\(index)")
    }
    try writer.finish()
    let source = try openTensorSource(path)
    #expect(source.names.count == 2000)
    for index in [0, 1, 999, 1999] {
      #expect(try source.tensor("tensor.number.\(index)").float32Array == [Float(index)])
    }
  }

  @Test("a name written twice is refused", arguments: DumpFormat.allCases)
  func duplicateName(format: DumpFormat) throws {
    let folder = TemporaryFolder()
    let writer = try makeDumpWriter(folder.file("dump"), format: format)
    try writer.write(patterned([2], .float32), named: "x")
    let error = #expect(throws: TensorIOError.self) {
      try writer.write(patterned([2], .float32), named: "x")
    }
    #expect(error?.cause == .duplicateTensor)
    #expect(error?.tensor == "x")
    writer.cancel()
    #expect(folder.entries.isEmpty)
  }

  @Test("an unknown name suggests the nearest", arguments: DumpFormat.allCases)
  func nearestName(format: DumpFormat) throws {
    let folder = TemporaryFolder()
    let path = folder.file("dump")
    let writer = try makeDumpWriter(path, format: format)
    try writer.write(patterned([2], .float32), named: "encoder.ln_post")
    try writer.finish()
    let source = try openTensorSource(path)
    let error = #expect(throws: TensorIOError.self) { try source.tensor("encoder.lnpost") }
    #expect(error?.cause == .noSuchTensor(nearest: "encoder.ln_post"))
  }
}
