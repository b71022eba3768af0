import TensorIO
import Testing

/// `encoder-diff run` as a user meets it.
@Suite struct RunTests {
  @Test func soundEncodersAreAtParity() throws {
    let run = try Program.run("\(digits) --model \(smallModel)")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("parity"))
    #expect(run.errors.isEmpty)
  }

  @Test func aFaultDivergesAtItsTap() throws {
    let run = try Program.run("\(digits) --model \(smallModel) --inject ln-post-missing --json -")
    #expect(run.status == 1)
    let document = try run.json
    #expect(document["schema"]?.stringValue == "encoder-diff.run/1")
    #expect(document["verdict"]?.stringValue == "divergent")
    let graph = try #require(
      document["candidates"]?.arrayValue?.first { $0["backend"]?.stringValue == "graph" })
    #expect(graph["firstDivergence"]?.stringValue == "encoder.ln_post")
    #expect(graph["faults"]?.arrayValue == [.string("ln-post-missing@encoder.ln_post")])
  }

  @Test func theDocumentHasTheContractsKeys() throws {
    let document = try Program.run("run \(digits) --model \(smallModel) --json -").json
    for key in ["schema", "model", "input", "reference", "candidates"] {
      #expect(document[key] != nil, "\(key)")
    }
    let candidate = try #require(document["candidates"]?.arrayValue?.first)
    #expect(candidate["verdict"]?.stringValue == "parity")
    #expect(candidate["firstDivergence"] == .null)
    let taps = try #require(candidate["taps"]?.arrayValue)
    #expect(taps.first?["tap"]?.stringValue == "mel")
    let last = try #require(taps.last)
    #expect(last["tap"]?.stringValue == "encoder.ln_post")
    let keys = [
      "tap", "shape", "bias", "meanReference", "meanCandidate", "stdReference", "stdCandidate",
      "cosine", "relativeL2", "maxAbs", "nonFinite", "verdict", "introduced",
    ]
    for key in keys { #expect(last[key] != nil, "\(key)") }
    for key in ["relativeL2", "maxAbs", "bound", "verdict"] {
      #expect(last["introduced"]?[key] != nil, "introduced.\(key)")
    }
  }

  @Test func colourIsOnlyThereWhereItIsWanted() throws {
    let line = "\(digits) --model \(smallModel) --backends reference,graph --taps layers"
    #expect(!(try Program.run(line).output.contains("\u{1B}")))
    #expect(try Program.run(line + " --color always").output.contains("\u{1B}[32mparity"))
  }

  @Test func quietLeavesSentences() throws {
    let loud = try Program.run("\(digits) --model \(smallModel) --backends reference,graph")
    let quiet = try Program.run("\(digits) --model \(smallModel) --backends reference,graph -q")
    #expect(loud.output.contains("rel L2") && !quiet.output.contains("rel L2"))
    #expect(quiet.output.contains("graph: parity"))
  }

  @Test func logsAreLinesOfJSONOnStandardError() throws {
    let run = try Program.run(
      "\(digits) --model \(smallModel) --backends reference,graph -q --log-format json")
    #expect(run.status == 0)
    let events = try run.errors.split(separator: "\n").map {
      try parseJSON(Array($0.utf8), path: "log")
    }
    let sides = Set(events.compactMap { $0["side"]?.stringValue })
    #expect(sides == ["reference", "graph"])
    #expect(events.allSatisfy { ($0["seconds"]?.doubleValue ?? -1) >= 0 })
    #expect(events.contains { $0["event"]?.stringValue == "judge" })
    #expect(events.allSatisfy { $0["window"]?.intValue == 0 })
  }
}
