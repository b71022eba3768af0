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

  /// Runs `bisect --command`, with temporary files in a folder that must be empty afterwards.
  private func bisect(
    _ command: String, _ options: [String] = [], location: SourceLocation = #_sourceLocation
  ) throws -> Program.Finished {
    let folder = try TemporaryFolder()
    let run = try Program.run(
      ["bisect", digits, "--model", smallModel, "--command", command] + options,
      environment: ["TMPDIR": folder.path])
    #expect(folder.entries.isEmpty, "left behind: \(folder.entries)", sourceLocation: location)
    return run
  }

  private func expectTrouble(
    _ finished: Program.Finished, naming word: String, location: SourceLocation = #_sourceLocation
  ) {
    #expect(finished.status == 2, sourceLocation: location)
    #expect(finished.output.isEmpty, sourceLocation: location)
    let lines = finished.errors.split(separator: "\n")
    #expect(lines.count == 1, "\(finished.errors)", sourceLocation: location)
    #expect(finished.errors.hasPrefix("encoder-diff: "), sourceLocation: location)
    #expect(finished.errors.contains(word), "\(finished.errors)", sourceLocation: location)
  }

  private func culprits(_ run: Program.Finished) throws -> [String] {
    try #require(try run.json["culprits"]?.arrayValue).compactMap(\.stringValue)
  }

  private func runs(_ run: Program.Finished) throws -> [JSONValue] {
    try #require(try run.json["runs"]?.arrayValue)
  }

  @Test func aSoundPortIsAskedOnce() throws {
    let run = try bisect("\(Self.port) --backend blas", ["--json", "-"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try runs(run).count == 1)
    #expect(run.errors.isEmpty, "\(run.errors)")
  }

  @Test func fewTapsAreAskedForAndHalved() throws {
    let run = try bisect("\(Self.port) \(Self.fault)", ["--json", "-"])
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
    let live = try bisect("cp '\(path)' {dump} # {taps}", ["--json", "-"])
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
    let run = try bisect("cp '\(path)' {dump} # {taps}", ["--json", "-"])
    #expect(run.status == 1, "\(run.errors)")
    #expect(try culprits(run) == ["encoder.blocks.1"])
    #expect(try runs(run).count <= 16)
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
    let run = try bisect("sh '\(script)' {mel} {taps} {dump}", ["--json", "-"])
    #expect(run.status == 1, "\(run.errors)")
    #expect(try culprits(run) == [Self.culprit])
  }

  @Test func aFailingPortIsTriedAgainUpToALimit() throws {
    let folder = try TemporaryFolder()
    let log = folder.file("log")
    let failing = try bisect(
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
    let flaky = try bisect(
      "if test -e '\(log)'; then rm '\(log)'; echo half > {dump}; exit 1; fi; "
        + "test ! -e {dump} && \(Self.port) --backend graph", ["--retries", "1"])
    #expect(flaky.status == 0, "\(flaky.errors)")
  }

  @Test func aHangingPortIsEndedWithItsChildren() throws {
    let folder = try TemporaryFolder()
    let pids = folder.file("pids")
    let child = "sh -c 'echo $$ >> \"\(pids)\"; exec sleep 600'"
    let run = try bisect(
      "\(child) & setsid \(child) & \(child); : {dump} {taps}",
      ["--timeout", "2", "--retries", "0"])
    expectTrouble(run, naming: "longer than 2 s")
    let processes = try folder.read("pids").split(separator: "\n").compactMap { pid_t($0) }
    #expect(processes.count == 3)
    for process in processes { #expect(isGone(process), "\(process) still runs") }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func interruptedItLeavesNothing(signal: Int32) throws {
    let (folder, temporary) = (try TemporaryFolder(), try TemporaryFolder())
    let pids = folder.file("pids")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = [
      "bisect", digits, "--model", smallModel, "--command",
      "echo $$ > '\(pids)'; sleep 600; : {dump} {taps}",
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: Program.root)
    process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": temporary.path]) {
      $1
    }
    process.standardError = FileHandle.nullDevice
    try process.run()
    let end = Date(timeIntervalSinceNow: 60)
    while ((try? folder.read("pids")) ?? "").isEmpty, Date() < end { usleep(20_000) }
    kill(process.processIdentifier, signal)
    let patience = Date(timeIntervalSinceNow: 60)
    while process.isRunning, Date() < patience { usleep(20_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 2)
    #expect(temporary.entries.isEmpty, "left behind: \(temporary.entries)")
    let shell = try #require(pid_t(try folder.read("pids").prefix { $0 != "\n" }))
    #expect(isGone(shell))
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
    expectTrouble(try bisect(command), naming: word)
  }

  @Test func withoutTheOutputNothingIsCalledSound() throws {
    let command =
      "'\(Program.path)' dump --model \(smallModel) --mel {mel} --taps encoder.blocks.0 "
      + "-o {dump} # {taps}"
    expectTrouble(try bisect(command), naming: "lacks encoder.ln_post")
    let allowed = try bisect(command, ["--allow-missing"])
    #expect(allowed.status == 0, "\(allowed.errors)")
  }

  /// Whether no such process runs any more; one that nobody has waited for does not.
  private func isGone(_ process: pid_t) -> Bool {
    for _ in 0..<100 {
      guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let end = stat.lastIndex(of: ")")
      else { return true }
      if stat[end...].dropFirst(2).first == "Z" { return true }
      usleep(20_000)
    }
    return false
  }
}
