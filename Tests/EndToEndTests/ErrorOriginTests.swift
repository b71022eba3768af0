import Foundation
import TensorCore
import TensorIO
import Testing

/// Where the output's error comes from, as `run` and `bisect` tell it.
@Suite struct ErrorOriginTests {
  private func taps(_ run: Program.Finished) throws -> [JSONValue] {
    let document = try run.json
    let candidate = document["candidate"] ?? document["candidates"]?.arrayValue?.first
    return try #require(candidate?["taps"]?.arrayValue)
  }

  @Test(
    "shares add up to the observed error",
    arguments: [
      ("blas", ""), ("reference:f32", ""), ("graph", "tf32-products@encoder.blocks.0.mlp.0"),
      ("graph", "gelu-tanh@encoder.blocks.1.mlp.1"),
      ("graph", "linear-bias-missing@encoder.blocks.0.attn.out"),
      ("graph", "gelu-relu@encoder.gelu1,layer-norm-rms@encoder.blocks.1.mlp_ln"),
    ])
  func budget(backend: String, faults: String) throws {
    let sites = faults.split(separator: ",").map(String.init)
    let run = try Program.run(
      ["bisect", digits, "--model", smallModel, "--backend", backend, "--budget", "--json", "-"]
        + sites.flatMap { ["--inject", $0] })
    #expect(run.status == (sites.isEmpty ? 0 : 1), "\(run.errors)")
    let budget = try #require(try run.json["budget"])
    let shares = try #require(budget["shares"]?.arrayValue)
    let sum = try #require(budget["sum"]?.doubleValue)
    #expect(abs(sum - 1) < 0.03, "\(sum)")
    #expect(
      abs(shares.compactMap { $0["share"]?.doubleValue }.reduce(0, +) - sum) < 1e-9)
    // The error that is divided is the one that the table shows.
    let output = try #require(try taps(run).last { $0["tap"]?.stringValue == "encoder.ln_post" })
    let observed = try #require(output["relativeL2"]?.doubleValue)
    let divided = try #require(budget["relativeL2"]?.doubleValue)
    #expect(abs(divided - observed) < 0.01 * observed)
    guard sites.count == 1, let site = sites[0].split(separator: "@").last else { return }
    #expect(shares.first?["tap"]?.stringValue == String(site))
    #expect((shares.first?["share"]?.doubleValue ?? 0) > 0.97)
  }

  /// The small model with a large constant added to every channel behind the first block, which the
  /// next layer norm takes off again: rounding of the sum is all that stays of it.
  private func offsetModel(_ folder: TemporaryFolder, by offset: Float) throws -> String {
    let source = try openTensorSource(smallModel)
    let path = folder.file("offset.safetensors")
    var writer = try makeDumpWriter(path)
    writer.metadata = ["n_audio_head": "2", "n_text_head": "2"]
    for name in source.names {
      let tensor = try source.tensor(name)
      let added = name == "encoder.blocks.0.mlp.2.bias" ? offset : 0
      try writer.write(
        tensor.withFloat32 { values in
          Tensor.float32(tensor.shape) { out in
            for index in out.indices { out[index] = values[index] + added }
          }
        }, named: name)
    }
    try writer.finish()
    return path
  }

  @Test func illConditionedOperationsAreNamed() throws {
    let folder = try TemporaryFolder()
    let model = try offsetModel(folder, by: 3000)
    let site = "encoder.blocks.1.attn_ln"
    for backend in ["blas", "graph", "reference:f32"] {
      let run = try Program.run(
        "run \(digits) --model \(model) --backends reference,\(backend) --no-transcript --json -")
      // Nothing is wrong with the engine.
      #expect(run.status == 0, "\(run.errors)")
      let found = try taps(run)
      let tap = try #require(found.first { $0["tap"]?.stringValue == site })
      #expect(tap["verdict"]?.stringValue == "inherited")
      #expect(
        ["rounding", "identical"].contains(tap["introduced"]?["verdict"]?.stringValue ?? ""))
      let note = tap["note"]?.stringValue ?? ""
      #expect(note.hasPrefix("ill-conditioned at \(site): rounding-size noise grows"), "\(note)")
      #expect((tap["amplification"]?.doubleValue ?? 0) > 100)
      let before = try #require(
        found.first { $0["tap"]?.stringValue == "encoder.blocks.0.mlp.1" })
      #expect(before["verdict"]?.stringValue == "rounding")
    }
    let text = try Program.run(
      "run \(digits) --model \(model) --backends reference,blas --no-transcript")
    #expect(text.output.contains("inherited: ill-conditioned at \(site)"))
  }
}
