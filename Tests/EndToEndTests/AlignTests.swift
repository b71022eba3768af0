import Foundation
import TensorCore
import TensorIO
import Testing

/// `align`, `model`, and comparing through a mapping.
@Suite struct AlignTests {
  /// A dump of ours under names that say nothing, each tap transposed.
  private func disguised(
    _ folder: TemporaryFolder, _ options: String = ""
  ) throws -> (right: String, foreign: String) {
    let right = folder.file("right.safetensors")
    let foreign = folder.file("foreign.npz")
    let run = try Program.run("dump \(digits) --model \(smallModel) \(options) -o \(right)")
    #expect(run.status == 0, "\(run.errors)")
    let source = try openTensorSource(right)
    let writer = try makeDumpWriter(foreign)
    for (index, name) in source.names.enumerated() {
      let tensor = try source.tensor(name)
      let (rows, columns) = (tensor.shape[0], tensor.shape[1])
      let values = tensor.float64Array
      let turned = Tensor.float64([1, columns, rows]) { target in
        for index in target.indices {
          target[index] = values[index % rows * columns + index / rows]
        }
      }
      try writer.write(turned, named: "value_\(index)")
    }
    try writer.finish()
    return (right, foreign)
  }

  @Test func valuesGiveAMappingThatComparesWithoutThem() throws {
    let folder = try TemporaryFolder()
    let (right, foreign) = try disguised(folder)
    let mapping = folder.file("mapping.json")
    let aligned = try Program.run(
      "align \(foreign) \(digits) --model \(smallModel) -o \(mapping) --json -")
    #expect(aligned.status == 0, "\(aligned.output) \(aligned.errors)")
    let document = try aligned.json
    #expect(document["schema"]?.stringValue == "encoder-diff.alignment/1")
    let taps = try #require(document["taps"]?.arrayValue)
    #expect(taps.count == (try openTensorSource(right).names.count))
    #expect(taps.allSatisfy { $0["means"]?.stringValue == "values" })
    let compared = try Program.run(
      "compare \(right) \(foreign) --model \(smallModel) --mapping \(mapping) --json -")
    #expect(compared.status == 0, "\(compared.errors)")
  }

  @Test func anOutputThatNobodyRecognisesIsNotCalledSound() throws {
    let folder = try TemporaryFolder()
    let (right, foreign) = try disguised(folder, "--backend graph --inject ln-post-missing")
    let last = "value_\(try openTensorSource(right).names.count - 1)"
    let mapping = folder.file("mapping.json")
    let aligned = try Program.run("align \(foreign) \(digits) --model \(smallModel) -o \(mapping)")
    #expect(aligned.status == 1 && aligned.output.contains("'encoder.ln_post' could be '\(last)'"))
    for line in ["explain \(foreign) \(digits)", "bisect \(digits) --dump \(foreign)"] {
      let run = try Program.run("\(line) --model \(smallModel)")
      #expect(run.status == 2 && run.errors.contains(last), "\(run.output) \(run.errors)")
    }
    let said = try folder.read("mapping.json").replacingOccurrences(
      of: "\"taps\": {", with: "\"taps\": {\"encoder.ln_post\": \"\(last)\",")
    try folder.write("mapping.json", said)
    let explained = try Program.run(
      "explain \(foreign) \(digits) --model \(smallModel) --mapping \(mapping)")
    #expect(explained.status == 1 && explained.output.contains("ln-post-missing"), "\(said)")
  }

  @Test func namesAloneDoWithoutAudio() throws {
    let folder = try TemporaryFolder()
    let right = folder.file("right.npz")
    let dumped = try Program.run(
      "dump \(digits) --model \(smallModel) --taps encoder.blocks.1.attn.* -o \(right)")
    #expect(dumped.status == 0, "\(dumped.errors)")
    let aligned = try Program.run("align \(right) --model \(smallModel)")
    #expect(aligned.status == 0, "\(aligned.errors)")
    #expect(aligned.output.contains("encoder.blocks.1.attn.query"))
  }

  @Test func whatIsNoDumpOfTheModelIsTrouble() throws {
    let folder = try TemporaryFolder()
    let writer = try makeDumpWriter(folder.file("other.npz"))
    try writer.write(Tensor([Float](repeating: 1, count: 7), shape: [7]), named: "x")
    try writer.write(Tensor([Float](repeating: 1, count: 5), shape: [5]), named: "y")
    try writer.finish()
    let run = try Program.run("align \(folder.file("other.npz")) --model \(smallModel)")
    #expect(run.status == 2)
    #expect(run.errors.contains("holds no tap"), "\(run.errors)")
  }

  @Test func modelSumsUpACheckpoint() throws {
    let run = try Program.run("model \(smallModel) --json -")
    #expect(run.status == 0, "\(run.errors)")
    let document = try run.json
    #expect(document["schema"]?.stringValue == "encoder-diff.model/1")
    #expect(document["encoder"]?["layers"]?.intValue ?? 0 > 0)
    #expect(try Program.run("model \(smallModel)").output.contains("encoder hash"))
    #expect(try Program.run("model nothing.bin").status == 2)
  }
}
