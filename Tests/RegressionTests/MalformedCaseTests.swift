/// Every file of Fixtures/malformed/case and part goes through its reader: hostile text gives one clear line.
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
  @Test("cases", arguments: files("case"))
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
    for line in [text, "{\"input\":\"a.wav\",\"win", "[]", "", text] { summary.add(line: line) }
    #expect(summary.numCases == 1)
    #expect(summary.numRepeated == 1)
    #expect(summary.numTorn == 3)
  }
}
