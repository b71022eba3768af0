import Foundation
import TensorIO
import Testing

/// `check` in the hands of a CI job: what passes, what fails and what it says.
@Suite struct CheckTests {
  /// A folder with one sound case whose baseline is recorded.
  private func recordedFolder(_ more: String = "") throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("sound.yaml", manifest(more))
    let first = try Program.run(["check", folder.path, "--update"])
    #expect(first.status == 1, "\(first.errors)")
    #expect(first.output.contains("recorded for the first time"))
    return folder
  }

  private func manifest(_ more: String = "") -> String {
    """
    model: \(Program.root)/\(smallModel)
    audio: \(Program.root)/\(digits)
    backends: [reference, graph]
    taps: layers
    \(more)
    """
  }

  @Test func theFixturesPass() throws {
    let run = try Program.run(["check", "Fixtures/cases", "--only", "small-*"])
    #expect(run.status == 0, "\(run.output)\(run.errors)")
  }

  @Test func aRecordedCasePassesAndRecordingAgainChangesNothing() throws {
    let folder = try recordedFolder()
    #expect(try Program.run(["check", folder.path]).status == 0)
    let before = try folder.read("baseline.json")
    #expect(try Program.run(["check", folder.path, "--update"]).status == 0)
    #expect(try folder.read("baseline.json") == before)
  }

  @Test func casesInTOMLAreThoseInYAML() throws {
    let folder = try recordedFolder()
    let manifest = """
      model = "\(Program.root)/\(smallModel)"
      audio = '\(Program.root)/\(digits)'
      backends = ["reference", "graph"]
      taps = "layers"
      budget.drift = 2

      [expect]
      verdict = "parity"
      """
    try folder.write("other.toml", manifest)
    #expect(try Program.run(["check", folder.path, "--update"]).status == 1)
    let document = try parseJSON(Array(try folder.read("baseline.json").utf8), path: "baseline")
    let cases = try #require(document["cases"])
    #expect(cases["other"] == cases["sound"] && cases["other"] != nil)
    try folder.write("other.toml", manifest + "\nfirts = 'encoder.ln_post'\n")
    let unknown = try Program.run(["check", folder.path])
    #expect(unknown.status == 2)
    #expect(unknown.output.contains("other.toml:9: unknown key 'firts'"), "\(unknown.output)")
    try folder.write("sound.toml", manifest)
    let twice = try Program.run(["check", folder.path])
    #expect(twice.status == 2 && twice.errors.contains("sound.yaml"), "\(twice.errors)")
  }

  @Test func aCaseWithoutBaselineFails() throws {
    let folder = try TemporaryFolder()
    try folder.write("sound.yaml", manifest())
    let run = try Program.run(["check", folder.path])
    #expect(run.status == 1)
    #expect(run.output.contains("--update"))
  }

  @Test func anUnexpectedVerdictFailsAndNamesTheOperation() throws {
    let folder = try recordedFolder()
    try folder.write(
      "sound.yaml", manifest("inject: [position-missing]\nexpect: {verdict: parity}"))
    let run = try Program.run([
      "check", folder.path, "--junit", folder.file("j.xml"), "--json", folder.file("j.json"),
      "--html", folder.file("page.html"), "--github",
    ])
    #expect(run.status == 1)
    #expect(run.output.contains("introduced at encoder.embed; expected parity"))
    #expect(run.output.contains("::error file="))
    let junit = try folder.read("j.xml")
    #expect(junit.contains("failures=\"1\"") && junit.contains("type=\"verdict\""))
    let document = try parseJSON(Array(try folder.read("j.json").utf8), path: "j.json")
    #expect(document["schema"]?.stringValue == "encoder-diff.check/1")
    let one = try #require(document["cases"]?.arrayValue?.first)
    #expect(one["passed"]?.boolValue == false)
    #expect(one["failures"]?.arrayValue?.first?["tap"]?.stringValue == "encoder.embed")
    #expect(try folder.read("page.html").contains("encoder.embed"))
  }

  @Test func driftIsToldWithItsOperation() throws {
    // Twice the rounding of a result alone, the usual allowance, is more than `graph` may need.
    let folder = try recordedFolder("budget: {drift: 1.2}")
    let path = folder.file("baseline.json")
    let text = try folder.read("baseline.json")
    let line = try #require(text.split(separator: "\n").first { $0.contains("\"encoder.conv2\"") })
    let tampered = text.replacingOccurrences(
      of: String(line), with: "          \"encoder.conv2\": [1e-07,1e-09],")
    try Data(tampered.utf8).write(to: URL(fileURLWithPath: path))
    let run = try Program.run(["check", folder.path])
    #expect(run.status == 1)
    #expect(run.output.contains("less accurate: encoder.conv2 introduces"))
  }

  @Test func troubleInOneCaseDoesNotStopTheOthers() throws {
    let folder = try recordedFolder()
    try folder.write("a-broken.yaml", "model: synthetic:tiny\naudoi: x.wav\n")
    try folder.write("b-missing.yaml", "model: nowhere\naudio: x.wav\n")
    let run = try Program.run(["check", folder.path, "--jobs", "2"])
    #expect(run.status == 2)
    #expect(run.output.contains("a-broken.yaml:2: unknown key 'audoi'"))
    #expect(run.output.contains("✓ sound"))
    #expect(run.output.contains("3 cases") && run.output.contains("1 passed, 2 failed"))
  }

  @Test func shardsAreTheWhole() throws {
    var names: Set<String> = []
    for shard in ["1/2", "2/2"] {
      let run = try Program.run([
        "check", "Fixtures/cases", "--only", "small-*", "--shard", shard, "--json", "-",
      ])
      for one in try run.json["cases"]?.arrayValue ?? [] {
        let (isNew, _) = names.insert(one["case"]?.stringValue ?? "")
        #expect(isNew)
      }
    }
    let all = try FileManager.default.contentsOfDirectory(atPath: Program.root + "/Fixtures/cases")
    #expect(names.count == all.count { $0.hasPrefix("small-") })
  }

  @Test(
    "bad arguments",
    arguments: [
      (["check", "/no/such/folder"], "/no/such/folder"),
      (["check", "Fixtures/cases", "--only", "nothing-*"], "nothing-*"),
      (["check", "--shard", "3/2"], "3/2"), (["check", "--jobs", "0"], "--jobs"),
      (["check", "Fixtures/audio"], "holds no case"),
    ])
  func badArguments(arguments: [String], word: String) throws {
    let run = try Program.run(arguments)
    #expect(run.status == 2 && run.errors.contains(word), "\(run.errors)")
  }
}
