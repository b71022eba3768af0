import Diagnosis
import EncoderModel
import Faults
import Parity
import TensorCore
import Testing

@Suite("Narrowing down with few taps")
struct BisectTests {
  /// Narrows a faulty encoder; answers the culprits, the runs and the most taps of a run.
  private func narrow(_ faults: String...) throws -> (culprits: [String], runs: Int, asked: Int) {
    let encoder = SmallEncoder(layers: 4)
    let program = try faults.flatMap { try FaultCatalogue.parse($0, program: encoder.program) }
      .reduce(encoder.program) { $1.applied(to: $0) }
    let backend = encoder.backend("graph", program)
    var (runs, asked) = (0, 0)
    let narrowing = TapNarrowing(judge: encoder.judge, name: "port") { taps in
      runs += 1
      asked = max(asked, taps.count)
      var values: [String: Tensor] = [:]
      _ = try backend.encode(mel: encoder.mel, observing: Set(taps)) { values[$0] = $1 }
      return values
    }
    let result = try narrowing.run(mel: encoder.mel)
    let found = result.taps.filter { $0.introduced?.verdict.isDivergence ?? false }.map(\.tap)
    return (found, runs, asked)
  }

  @Test(
    "one fault in log₂ of the operations",
    arguments: [
      "gelu-relu@encoder.gelu1", "linear-bias-missing@encoder.blocks.2.attn.value",
      "layer-norm-weight-missing@encoder.blocks.3.mlp_ln", "bf16-products@encoder.blocks.0.mlp.2",
      "ln-post-missing",
    ])
  func single(fault: String) throws {
    let found = try narrow(fault)
    let site = fault.split(separator: "@").last.map(String.init) ?? ""
    #expect(found.culprits == [site.hasPrefix("encoder") ? site : "encoder.ln_post"])
    #expect(found.runs <= 7)
    #expect(found.asked <= 3)
  }

  @Test("two faults are both found")
  func double() throws {
    let found = try narrow(
      "gelu-silu@encoder.blocks.0.mlp.1", "linear-bias-missing@encoder.blocks.3.mlp.2")
    #expect(found.culprits == ["encoder.blocks.0.mlp.1", "encoder.blocks.3.mlp.2"])
    #expect(found.runs <= 12)
  }

  @Test("a sound implementation is run once")
  func sound() throws {
    let found = try narrow()
    #expect(found.culprits.isEmpty)
    #expect(found.runs == 1)
  }

  @Test("an implementation that does not repeat itself is judged on one run")
  func unsteady() throws {
    let encoder = SmallEncoder(layers: 4)
    let site = "encoder.blocks.2.mlp.1"
    let programs = [
      try encoder.faulty("gelu-relu@\(site)"),
      try encoder.faulty("gelu-relu@\(site)", "scaled=1.001@encoder.blocks.0.attn.out"),
      try encoder.faulty("gelu-relu@\(site)"),
    ]
    var runs = 0
    let narrowing = TapNarrowing(judge: encoder.judge, name: "port") { taps in
      defer { runs += 1 }
      var values: [String: Tensor] = [:]
      _ = try encoder.backend("graph", programs[min(runs, 2)]).encode(
        mel: encoder.mel, observing: Set(taps)
      ) { values[$0] = $1 }
      return values
    }
    var steps: [TapNarrowing.Step] = []
    let result = try narrowing.run(mel: encoder.mel, report: { steps.append($0) })
    #expect(runs == 3)
    #expect(steps.map { $0.disagreement?.tap } == [nil, "encoder.ln_post", nil])
    let size = try #require(steps[1].disagreement?.relativeL2)
    #expect(size > 1e-6 && size < 1e-1)
    #expect(result.taps.filter { $0.verdict.isDivergence }.map(\.tap) == [site])
  }

  @Test("taps that are not given leave a segment")
  func missing() throws {
    let encoder = SmallEncoder()
    let backend = encoder.backend("graph", try encoder.faulty("gelu-relu@encoder.blocks.1.mlp.1"))
    let narrowing = TapNarrowing(judge: encoder.judge, name: "port") { taps in
      var values: [String: Tensor] = [:]
      _ = try backend.encode(mel: encoder.mel, observing: Set(taps)) { values[$0] = $1 }
      return values.filter { !$0.key.contains("mlp") }
    }
    let result = try narrowing.run(mel: encoder.mel)
    let culprit = try #require(result.taps.first { $0.introduced?.verdict.isDivergence ?? false })
    #expect(culprit.tap == "encoder.blocks.1")
    #expect(culprit.introduced?.segment.contains("encoder.blocks.1.mlp.1") == true)
    #expect((culprit.introduced?.segment.count ?? 99) <= 5)
  }
}

@Suite("External commands")
struct ExternalCommandTests {
  @Test("placeholders are quoted for the shell")
  func quoting() {
    let command = ExternalCommand("run {mel} > {dump}")
    #expect(command.line(["mel": "a b'c", "dump": "$x"]) == "run 'a b'\\''c' > '$x'")
    #expect(command.missingPlaceholders(["mel", "taps"]) == ["taps"])
    // A value is no template, and braces of the shell stay.
    let braces = ExternalCommand("{ ${x} {mel}{dump}; }{")
    #expect(braces.line(["mel": "{dump}", "dump": "d"]) == "{ ${x} '{dump}''d'; }{")
  }

  @Test("a failing command is tried again, up to a limit")
  func retries() throws {
    var failures = 0
    #expect(throws: ExternalCommandError.self) {
      try ExternalCommand("exit 3", retries: 2).run([:], failed: { _ in failures += 1 })
    }
    #expect(failures == 2)
    // What the shell cannot find will not be there the next time either.
    failures = 0
    #expect(throws: ExternalCommandError.notRunnable("no-such-program", status: 127)) {
      try ExternalCommand("no-such-program", retries: 2).run([:], failed: { _ in failures += 1 })
    }
    #expect(failures == 0)
    try ExternalCommand("true").run([:])
  }

  @Test("a command that takes too long is ended")
  func timeout() {
    let start = ContinuousClock.now
    #expect(throws: ExternalCommandError.self) {
      try ExternalCommand("sleep 60", timeoutSeconds: 0.2, retries: 0).run([:])
    }
    #expect(ContinuousClock.now - start < .seconds(20))
  }
}
