import TensorIO
import Testing

/// What `explain` makes of real encoders' values, with the shipped model.
@Suite struct ExplainTests {
  private static let embedding = "Fixtures/goldens/frontend/openai-embed.safetensors"
  private static let audio = "Fixtures/audio/digits-us.wav"

  @Test("an engine that made its own mel in Float32 and does not show it is sound")
  func hiddenMel() throws {
    for command in [
      ["explain", Self.embedding, Self.audio],
      ["bisect", Self.audio, "--dump", Self.embedding, "--allow-missing"],
    ] {
      let run = try Program.run(command)
      #expect(run.status == 0, "\(run.output) \(run.errors)")
    }
    let folder = try TemporaryFolder()
    let page = folder.file("page.html")
    let run = try Program.run(["explain", Self.embedding, Self.audio, "--html", page])
    #expect(run.output.contains("shows no mel"))
    let markup = try fileText(page, limit: 1 << 24)
    #expect(markup.contains("shows no mel") && !markup.contains("given the same mel"))
  }

  /// Masked keys of speech that ends early err as bf16 would, and the bound of that holds other values.
  @Test("a value that the bound of an inferred precision would hold is fitted nevertheless")
  func fittedWithinWideBounds() throws {
    let run = try Program.run(
      [
        "explain", "Fixtures/audio/digits-scotland.wav", "--backend", "graph", "--inject",
        "keys-masked=210", "--taps", "encoder.blocks.0,encoder.blocks.1", "--json", "-",
      ])
    let findings = try #require(try run.json["findings"]?.arrayValue)
    #expect(findings.allSatisfy { $0["name"]?.stringValue == "keys-masked=210" }, "\(run.output)")
    let sites = findings.flatMap { $0["sites"]?.arrayValue ?? [] }.compactMap(\.stringValue)
    #expect(
      Set(sites).isSuperset(of: ["encoder.blocks.0.attn.probs", "encoder.blocks.1.attn.probs"]))
    #expect(run.status == 1)
  }

  @Test("a port that declares tf32 is forgiven it", arguments: ["tf32", "f16"])
  func declared(format: String) throws {
    for command in ["run", "explain"] {
      let run = try Program.run(
        [
          command, Self.audio, "--inject", "tf32-products@encoder.conv1", "--expect", format,
          command == "run" ? "--backends" : "--backend",
          command == "run" ? "reference,graph" : "graph",
        ])
      #expect(run.status == 0, "\(command) \(run.output) \(run.errors)")
    }
  }
}
