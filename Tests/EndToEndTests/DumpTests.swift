import Foundation
import TensorCore
import TensorIO
import Testing

/// `dump` and `compare`: what one writes, the other reads.
@Suite struct DumpTests {
  @Test("dumps of every container compare", arguments: ["safetensors", "npz"])
  func aDumpComparesWithAnother(container: String) throws {
    let folder = try TemporaryFolder()
    let right = folder.file("right.safetensors")
    let other = folder.file("other.\(container)")
    let common = "dump \(digits) --model \(smallModel) --backend"
    #expect(try Program.run("\(common) reference -o \(right)").status == 0)
    #expect(try Program.run("\(common) graph -o \(other)").status == 0)
    let compared = try Program.run("compare \(right) \(other) --model \(smallModel) --json -")
    #expect(compared.status == 0, "\(compared.errors)")
    let candidate = try #require(try compared.json["candidates"]?.arrayValue?.first)
    #expect(candidate["verdict"]?.stringValue == "parity")
    #expect(folder.entries == ["other.\(container)", "right.safetensors"].sorted())
  }

  @Test func aFaultyDumpIsDivergent() throws {
    let folder = try TemporaryFolder()
    let right = folder.file("right.safetensors")
    let faulty = folder.file("faulty.npz")
    let common = "dump \(digits) --model \(smallModel) --backend"
    #expect(try Program.run("\(common) reference -o \(right)").status == 0)
    #expect(
      try Program.run(
        "\(common) graph --inject attention-scale-missing@encoder.blocks.1.attn.scores -o \(faulty)"
      ).status == 0)
    let judged = try Program.run("compare \(right) \(faulty) --model \(smallModel) --json -")
    #expect(judged.status == 1, "\(judged.errors)")
    let candidate = try #require(try judged.json["candidates"]?.arrayValue?.first)
    #expect(candidate["firstDivergence"]?.stringValue == "encoder.blocks.1.attn.context")
    #expect(try Program.run("compare \(right) \(faulty)").status == 1)
  }

  @Test func whatWasWrittenIsTold() throws {
    let folder = try TemporaryFolder()
    let run = try Program.run(
      "dump \(digits) --model \(smallModel) --backend graph --taps layers "
        + "-o \(folder.file("taps.npz")) --json -")
    #expect(run.status == 0, "\(run.errors)")
    let document = try run.json
    #expect(document["schema"]?.stringValue == "encoder-diff.dump-report/1")
    let source = try openTensorSource(folder.file("taps.npz"))
    let taps = try #require(document["taps"]?.arrayValue)
    #expect(taps.compactMap { $0["tap"]?.stringValue }.sorted() == source.names.sorted())
    for one in taps {
      let tensor = try source.tensor(try #require(one["tap"]?.stringValue))
      let values = tensor.float32Array.map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      #expect(abs(try #require(one["mean"]?.doubleValue) - mean) < 1e-9)
      #expect(one["max"]?.doubleValue == values.max())
      #expect(one["type"]?.stringValue == "f32")
    }
  }

  @Test func referenceDumpsAreFloat64() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("reference.safetensors")
    let run = try Program.run(
      "dump \(digits) --model \(smallModel) --backend reference --taps encoder.ln_post -o \(path)")
    #expect(run.status == 0, "\(run.errors)")
    let source = try openTensorSource(path)
    #expect(try source.tensor("encoder.ln_post").scalarType == .float64)
    #expect(source.metadata["schema"] == "encoder-diff.dump/1")
  }
}
