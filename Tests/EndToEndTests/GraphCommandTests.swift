import TensorIO
import Testing

/// `graph --json`: the same graph as the text shows, as a document.
@Suite struct GraphCommandTests {
  @Test func passesAndArenaAreThere() throws {
    let run = try Program.run("graph --model \(smallModel) --pass all --memory --json -")
    #expect(run.status == 0, "\(run.errors)")
    let document = try run.json
    #expect(document["schema"]?.stringValue == "encoder-diff.graph/1")
    let passes = try #require(document["passes"]?.arrayValue)
    #expect(passes.first?["pass"]?.stringValue == "build")
    let nodes = try #require(passes.last?["graph"]?["nodes"]?.arrayValue)
    let built = try #require(passes.first?["graph"]?["nodes"]?.arrayValue)
    #expect(!nodes.isEmpty && nodes.count < built.count)
    let memory = try #require(document["memory"])
    let arena = try #require(memory["arenaBytes"]?.intValue)
    for buffer in try #require(memory["buffers"]?.arrayValue) {
      let (offset, bytes) = (buffer["offset"]?.intValue, buffer["bytes"]?.intValue)
      #expect(try #require(offset) + #require(bytes) <= arena)
    }
  }

  @Test func textAndDocumentGoTogether() throws {
    let folder = try TemporaryFolder()
    let run = try Program.run(
      "graph --model \(smallModel) --stage 0 --json \(folder.file("graph.json"))")
    #expect(run.status == 0 && run.output.contains("encoder.blocks.0.attn_ln"))
    let text = try Program.run("graph --model \(smallModel) --stage 0 --format json").output
    #expect(try folder.read("graph.json") == text)
  }
}
