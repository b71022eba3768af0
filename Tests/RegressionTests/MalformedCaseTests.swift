/// Every file of Fixtures/malformed/case, toml and part goes through its reader: hostile text gives one clear line.
import Foundation
import Testing

@testable import Regression

private func files(_ reader: String) -> [String] {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Fixtures/malformed/\(reader)").standardizedFileURL.path
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return names.sorted().map { "\(folder)/\($0)" }
}

@Suite struct MalformedCaseTests {
  @Test("cases", arguments: files("case") + files("toml"))
  func cases(path: String) {
    do {
      _ = try CaseFolder.read(name: "case", path: path)
      #expect(path.contains("/found-"), "\(path) was accepted")
    } catch {
      let message = "\(error)"
      #expect(error is CaseError, "\(message)")
      #expect(!message.contains("\n") && message.hasPrefix(path) && message.count < 600)
    }
  }

  @Test("aliases are counted, globs are not")
  func aliases() throws {
    let few = "model: &m synthetic:tiny\naudio: *m\ntaps: 'encoder.*.attn.*'\n"
    let parser = CaseParser(path: "folder/case.yaml")
    #expect(try parser.parse(few, name: "case").taps == "encoder.*.attn.*")
    let globs = (0..<40).map { "encoder.blocks.\($0).*" }.joined(separator: ",")
    let many = "model: synthetic:tiny\naudio: a.wav\ntaps: '\(globs)'\n"
    #expect(try parser.parse(many, name: "case").taps == globs)
    let lists = "model: synthetic:tiny\naudio: &a a.wav\nbackends: ["
    let aliases = [String](repeating: "*a", count: 17).joined(separator: ", ")
    #expect(throws: CaseError.self) { try parser.parse("\(lists)\(aliases)]\n", name: "case") }
  }

  @Test("a case in TOML is the same as in YAML")
  func languages() throws {
    let yaml = """
      model: synthetic:tiny
      audio: a.wav
      window: 2
      backends: [reference, graph]
      inject: gelu-tanh
      precision: bf16
      golden: g.safetensors
      expect: {verdict: divergent, first: encoder.gelu1, transcript: one}
      budget: {drift: 2.5, seconds: 60}
      """
    let toml = """
      model = "synthetic:tiny"  # a comment
      audio = 'a.wav'
      window = 2
      backends = [
        "reference",
        "graph",
      ]
      inject = "gelu-tanh"
      precision = "bf16"
      golden = "g.safetensors"
      expect = { verdict = "divergent", first = "encoder.gelu1", transcript = "one" }
      [budget]
      drift = 2.5
      seconds = 60
      """
    let one = try CaseParser(path: "folder/case.yaml").parse(yaml, name: "case")
    var other = try CaseParser(path: "folder/case.toml").parse(toml, name: "case")
    other.path = one.path
    #expect("\(one)" == "\(other)")
  }

  @Test(
    "complaints about TOML name the line",
    arguments: [
      ("model = 'm'\naudio = 3\n", 2), ("model = 'm'\nmel = 'a'\n[budget]\ndrift = 0.5\n", 3),
      ("model = 'm'\naudio = 'a'\n\nexpect.verdict = 'fine'\n", 4),
      ("model = 'm'\nmodel = 'n'\n", 2), ("model = 'm'\n[budgets]\n", 2),
    ])
  func lines(text: String, line: Int) {
    let error = #expect(throws: CaseError.self) {
      try CaseParser(path: "case.toml").parse(text, name: "case")
    }
    #expect(error?.line == line, "\(error.map(String.init(describing:)) ?? "")")
  }

  @Test("what is no manifest")
  func sizes() {
    let parser = CaseParser(path: "folder/case.yaml")
    let long = "model: " + String(repeating: "x", count: 1 << 18)
    #expect(throws: CaseError.self) { try parser.parse(long, name: "case") }
  }

  @Test("parts: lines that are torn or of another kind are counted, and the others stand")
  func parts() throws {
    let text = "{\"input\":\"a.wav\",\"window\":0,\"windows\":1,\"candidates\":[]}"
    var summary = SweepSummary()
    for line in [text, "{\"input\":\"a.wav\",\"win", "[]", "", text] {
      try summary.add(line: line, of: "part.jsonl")
    }
    #expect(summary.numCases == 1)
    #expect(summary.numRepeated == 1)
    #expect(summary.numTorn == 3)
  }
}
