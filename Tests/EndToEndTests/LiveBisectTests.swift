import Foundation
import TensorCore
import TensorIO
import Testing

/// `bisect --command`: a live implementation that is asked for few taps.
@Suite struct LiveBisectTests {
  /// The program under test itself, asked as somebody's port would be.
  private static let port =
    "'\(Program.path)' dump --model \(smallModel) --mel {mel} --taps {taps} -o {dump}"
  private static let fault = "--backend graph --inject gelu-relu@encoder.blocks.1.mlp.1"
  private static let culprit = "encoder.blocks.1.mlp.1"

  private func culprits(_ run: Program.Finished) throws -> [String] {
    try #require(try run.json["culprits"]?.arrayValue).compactMap(\.stringValue)
  }

  private func runs(_ run: Program.Finished) throws -> [JSONValue] {
    try #require(try run.json["runs"]?.arrayValue)
  }

  @Test func aSoundPortIsAskedOnce() throws {
    let run = try bisectLive("\(Self.port) --backend blas", ["--json", "-"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try runs(run).count == 1)
    #expect(run.errors.isEmpty, "\(run.errors)")
  }

  @Test func fewTapsAreAskedForAndHalved() throws {
    let run = try bisectLive("\(Self.port) \(Self.fault)", ["--json", "-"])
    #expect(run.status == 1, "\(run.errors)")
    #expect(try culprits(run) == [Self.culprit])
    let asked = try runs(run).map { $0["asked"]?.arrayValue?.count ?? 99 }
    #expect(asked.allSatisfy { $0 <= 2 }, "\(asked)")
    // Two layers are 32 operations.
    #expect(asked.count <= 6, "\(asked)")
  }

  /// What stands in the first run's dump, as somebody else's engine writes it.
  private func foreign(
    _ folder: TemporaryFolder, _ fault: String, names: [String: String],
    scales: [String: Float] = [:]
  ) throws -> String {
    let ours = folder.file("ours.npz")
    let dumped = try Program.run(
      "dump \(digits) --model \(smallModel) -o \(ours) --backend graph \(fault)")
    try #require(dumped.status == 0, "\(dumped.errors)")
    let source = try openTensorSource(ours)
    let path = folder.file("foreign.npz")
    let writer = try makeDumpWriter(path)
    for (tap, name) in names.sorted(by: { $0.key < $1.key }) {
      let tensor = try source.tensor(tap)
      let scale = scales[tap] ?? 1
      let scaled = tensor.withFloat32 { values in
        Tensor.float32([1] + tensor.shape) { target in
          for index in target.indices { target[index] = values[index] * scale }
        }
      }
      try writer.write(scaled, named: name)
    }
    try writer.finish()
    return path
  }

  /// Hugging Face's module paths of the values that its modules return.
  private static let huggingFace: [String: String] = {
    var names = [
      "encoder.conv1": "model.encoder.conv1", "encoder.conv2": "model.encoder.conv2",
      "encoder.ln_post": "model.encoder.layer_norm",
    ]
    let parts = [
      "attn_ln": "self_attn_layer_norm", "attn.query": "self_attn.q_proj",
      "attn.key": "self_attn.k_proj", "attn.value": "self_attn.v_proj",
      "attn.out": "self_attn.out_proj", "mlp_ln": "final_layer_norm", "mlp.0": "fc1",
      "mlp.1": "activation_fn", "mlp.2": "fc2",
    ]
    for index in 0..<2 {
      names["encoder.blocks.\(index)"] = "model.encoder.layers.\(index)"
      for (part, name) in parts {
        names["encoder.blocks.\(index).\(part)"] = "model.encoder.layers.\(index).\(name)"
      }
    }
    return names
  }()

  @Test func foreignNamesAreAlignedAsThoseOfAFile() throws {
    let folder = try TemporaryFolder()
    let path = try foreign(
      folder, "--inject gelu-relu@encoder.blocks.1.mlp.1", names: Self.huggingFace,
      // Its query carries 1/√headDim; the small model's heads are four wide.
      scales: ["encoder.blocks.0.attn.query": 0.5])
    let live = try bisectLive("cp '\(path)' {dump} # {taps}", ["--json", "-"])
    #expect(live.status == 1, "\(live.errors)")
    #expect(try culprits(live) == [Self.culprit])
    let filed = try Program.run(
      "bisect \(digits) --model \(smallModel) --dump \(path) --json -")
    #expect(try culprits(filed) == [Self.culprit])
  }

  @Test func tapsThatAPortDoesNotHaveLeaveASegment() throws {
    // Only modules' outputs, and no inner tap of the second block that is asked for later.
    let folder = try TemporaryFolder()
    let names = Self.huggingFace.filter { !$0.key.hasPrefix("encoder.blocks.1.") }
    let path = try foreign(folder, "--inject gelu-relu@encoder.blocks.1.mlp.1", names: names)
    let run = try bisectLive("cp '\(path)' {dump} # {taps}", ["--json", "-"])
    #expect(run.status == 1, "\(run.errors)")
    #expect(try culprits(run) == ["encoder.blocks.1"])
    let count = try runs(run).count
    // Each inner tap of the block is asked for once, two at a time.
    #expect(count <= 12)
  }

  @Test func oneTensorOfAnyNameIsTheTapAskedFor() throws {
    let folder = try TemporaryFolder()
    let script = try folder.write(
      "port.sh",
      """
      case "$2" in
      *,*) \(Self.port.replacing("{mel}", with: "\"$1\"").replacing("{taps}", with: "\"$2\"")
        .replacing("{dump}", with: "\"$3\"")) \(Self.fault) ;;
      *) \(Self.port.replacing("{mel}", with: "\"$1\"").replacing("{taps}", with: "\"$2\"")
        .replacing("{dump}", with: "\"$0.d/\"")) \(Self.fault) && cp "$0.d/$2.npy" "$3" ;;
      esac
      """)
    let run = try bisectLive("sh '\(script)' {mel} {taps} {dump}", ["--json", "-"])
    #expect(run.status == 1, "\(run.errors)")
    #expect(try culprits(run) == [Self.culprit])
  }

  @Test func aPortThatDoesNotRepeatItselfIsToldAndJudgedOnOneRun() throws {
    let folder = try TemporaryFolder()
    let count = folder.file("count")
    // Every second run is off by a factor, besides the fault that all have.
    let command = """
      echo run >> '\(count)'; other=; \
      test $(wc -l < '\(count)') = 2 && other='--inject scaled=1.001@encoder.blocks.0.attn.out'; \
      \(Self.port) \(Self.fault) $other
      """
    let run = try bisectLive(command, ["--json", "-"])
    #expect(run.status == 1, "\(run.errors)")
    #expect(try culprits(run) == [Self.culprit])
    let found = try runs(run)
    #expect(found.count == 3)
    #expect(found[1]["disagreement"]?["tap"]?.stringValue == "encoder.ln_post")
    #expect(found[2]["disagreement"] == .null)
    try FileManager.default.removeItem(atPath: count)
    let text = try bisectLive(command)
    #expect(text.output.contains("two runs on the same mel differ: encoder.ln_post"))
  }

  @Test func aMappingOutranksNamesAndValues() throws {
    let folder = try TemporaryFolder()
    let path = try foreign(folder, "", names: ["encoder.blocks.0": "x", "encoder.ln_post": "y"])
    func mapping(_ x: String) throws -> String {
      try folder.write(
        "\(x).json",
        #"{"schema": "encoder-diff.mapping/1", "taps": {"\#(x)": "x", "encoder.ln_post": "y"}}"#)
    }
    let right = try mapping("encoder.blocks.0")
    let wrong = try mapping("encoder.blocks.1")
    for source in [["--dump", path], ["--command", "cp '\(path)' {dump} # {taps}"]] {
      let line = ["bisect", digits, "--model", smallModel, "--json", "-"] + source
      let sound = try Program.run(line + ["--mapping", right])
      #expect(sound.status == 0, "\(sound.errors)")
      let misread = try Program.run(line + ["--mapping", wrong])
      #expect(misread.status == 1, "\(misread.errors)")
      #expect(try culprits(misread).first == "encoder.blocks.1")
      expectTrouble(
        try Program.run(line + ["--mapping", folder.file("none.json")]), naming: "none.json")
    }
    let pointless = try Program.run(
      "bisect \(digits) --model \(smallModel) --backend blas --mapping \(right)")
    #expect(pointless.status == 2 && pointless.errors.contains("--mapping"))
  }

  @Test func aFailingPortIsTriedAgainUpToALimit() throws {
    let folder = try TemporaryFolder()
    let log = folder.file("log")
    let failing = try bisectLive(
      "echo attempt >> '\(log)'; echo 'out of memory' >&2; exit 3 # {dump} {taps}",
      ["--retries", "2"])
    #expect(failing.status == 2)
    #expect(failing.output.isEmpty)
    #expect(try folder.read("log") == "attempt\nattempt\nattempt\n")
    #expect(failing.errors.components(separatedBy: "out of memory\n").count == 4)
    #expect(failing.errors.contains("trying again (2 of 2)"))
    let last = failing.errors.split(separator: "\n").last ?? ""
    #expect(last.hasPrefix("encoder-diff: ") && last.contains("status 3"), "\(last)")
    // Half a dump of the first attempt is not taken for the second one's.
    let flaky = try bisectLive(
      "if test -e '\(log)'; then rm '\(log)'; echo half > {dump}; exit 1; fi; "
        + "test ! -e {dump} && \(Self.port) --backend graph", ["--retries", "1"])
    #expect(flaky.status == 0, "\(flaky.errors)")
  }

  @Test(
    "commands that cannot be right",
    arguments: [
      ("", "--command is empty"), ("  ", "--command is empty"),
      ("port --mel {mel}", "{dump} and {taps}"),
      ("no-such-port --mel {mel} --out {dump} --taps {taps}", "'no-such-port'"),
      ("/no/such/port {dump} {taps}", "'/no/such/port'"),
      ("true {dump} {taps}", "wrote no file at {dump}"),
      ("touch {dump} # {taps}", "the file is empty"),
      ("echo junk > {dump} # {taps}", "cannot be read"),
      ("head -c 300 \(smallModel) > {dump} # {taps}", "cannot be read"),
      ("mkdir {dump} # {taps}", "cannot be read"),
      ("cp \(smallModel) {dump} # {taps}", "none of the taps asked for"),
    ])
  func complaint(command: String, word: String) throws {
    expectTrouble(try bisectLive(command), naming: word)
  }

  @Test func withoutTheOutputNothingIsCalledSound() throws {
    let command =
      "'\(Program.path)' dump --model \(smallModel) --mel {mel} --taps encoder.blocks.0 "
      + "-o {dump} # {taps}"
    expectTrouble(try bisectLive(command), naming: "lacks encoder.ln_post")
    let allowed = try bisectLive(command, ["--allow-missing"])
    #expect(allowed.status == 0, "\(allowed.errors)")
  }
}
