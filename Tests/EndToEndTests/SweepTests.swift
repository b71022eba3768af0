import Foundation
import TensorIO
import Testing

/// `sweep` and `merge`: shards sum up to the same bytes as the whole, kills lose nothing.
@Suite struct SweepTests {
  private func corpus() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let audio = ["digits.wav", "digits-scotland.wav", "noise.wav"]
    let lines = audio.map { "\(Program.root)/Fixtures/audio/\($0)" }
    try folder.write("corpus.txt", "# three files\n\n" + lines.joined(separator: "\n") + "\n")
    return folder
  }

  private func sweep(_ folder: TemporaryFolder, _ part: String, _ more: [String] = []) throws
    -> Program.Finished
  {
    try Program.run(
      [
        "sweep", folder.file("corpus.txt"), "--out", folder.file(part), "--model",
        "\(Program.root)/\(smallModel)", "--backends", "reference,graph", "--taps",
        "encoder.conv1,encoder.ln_post",
      ] + more)
  }

  private func merge(_ folder: TemporaryFolder, _ parts: [String]) throws -> Program.Finished {
    try Program.run(["merge"] + parts.map { folder.file($0) } + ["--json", "-"])
  }

  @Test func shardsMergeToTheWhole() throws {
    let folder = try corpus()
    #expect(try sweep(folder, "all.jsonl").status == 0)
    for shard in ["1/2", "2/2"] {
      let part = "part-\(shard.prefix(1)).jsonl"
      #expect(try sweep(folder, part, ["--shard", shard]).status == 0)
    }
    let whole = try merge(folder, ["all.jsonl"])
    let parts = try merge(folder, ["part-2.jsonl", "part-1.jsonl"])
    #expect(whole.status == 0)
    #expect(whole.output == parts.output)
    #expect(try whole.json["schema"]?.stringValue == "encoder-diff.sweep/1")
  }

  @Test func aKilledSweepGoesOn() throws {
    let folder = try corpus()
    #expect(try sweep(folder, "all.jsonl").status == 0)
    let text = try folder.read("all.jsonl")
    let torn = text.prefix(text.count * 2 / 3)
    try folder.write("torn.jsonl", String(torn))
    let again = try sweep(folder, "torn.jsonl")
    #expect(again.status == 0 && !again.output.hasPrefix("0 windows"))
    #expect(
      try merge(folder, ["torn.jsonl"]).output == merge(folder, ["all.jsonl"]).output)
    #expect(try sweep(folder, "torn.jsonl").output.hasPrefix("0 windows"))
  }

  @Test func partsOfOtherSettingsAreRefused() throws {
    let folder = try corpus()
    #expect(try sweep(folder, "part.jsonl", ["--shard", "1/3"]).status == 0)
    let before = try folder.read("part.jsonl")
    let fault = try sweep(folder, "part.jsonl", ["--inject", "ln-post-missing"])
    #expect(fault.status == 2 && fault.errors.contains("holds a sweep of faults none, not"))
    let model = try sweep(folder, "part.jsonl", ["--model", "synthetic:tiny"])
    #expect(model.status == 2 && model.errors.contains("holds a sweep of model openai.safetensors"))
    #expect(try folder.read("part.jsonl") == before)
    #expect(try sweep(folder, "other.jsonl", ["--inject", "ln-post-missing"]).status == 1)
    let merged = try merge(folder, ["part.jsonl", "other.jsonl"])
    #expect(merged.status == 2 && merged.errors.contains("merge parts of one sweep"))
    // Neither are other files continued, nor is a part that was cut off in its first line lost.
    try folder.write("notes.txt", "my notes")
    #expect(try sweep(folder, "notes.txt").errors.contains("is no part of a sweep"))
    #expect(try folder.read("notes.txt") == "my notes")
    try folder.write("torn.jsonl", String(before.prefix(30)))
    #expect(try sweep(folder, "torn.jsonl", ["--shard", "1/3"]).status == 0)
    #expect(try folder.read("torn.jsonl") == before)
  }

  @Test func whatCannotBeReadIsTold() throws {
    let folder = try corpus()
    try folder.write("corpus.txt", "missing.wav\n")
    let swept = try sweep(folder, "part.jsonl", ["--json", "-"])
    #expect(swept.status == 2)
    let trouble = try swept.json["troubles"]?.arrayValue?.first
    #expect(trouble?["input"]?.stringValue == "missing.wav")
    let merged = try Program.run(["merge", folder.file("part.jsonl")])
    #expect(merged.status == 2 && merged.output.contains("not compared: missing.wav"))
    let other = try Program.run(["merge", "\(Program.root)/Package.swift"])
    #expect(other.status == 2 && other.errors.contains("holds no line of a sweep"))
  }

  @Test func faultsShowInTheSummary() throws {
    let folder = try corpus()
    #expect(try sweep(folder, "part.jsonl", ["--inject", "ln-post-missing"]).status == 1)
    let merged = try merge(folder, ["part.jsonl"])
    #expect(merged.status == 1)
    let again = try sweep(
      folder, "again.jsonl", ["--shard", "1/3", "--inject", "ln-post-missing", "--json", "-"])
    let document = try again.json
    #expect(document["schema"]?.stringValue == "encoder-diff.sweep-run/1")
    #expect(document["files"]?.intValue == 1 && (document["windows"]?.intValue ?? 0) > 0)
    #expect(document["divergent"]?.arrayValue?.count == document["windows"]?.intValue)
    let graph = try #require(try merged.json["candidates"]?.arrayValue?.first)
    #expect(graph["firstDivergences"]?.objectValue?.keys == ["encoder.ln_post"])
  }
}
