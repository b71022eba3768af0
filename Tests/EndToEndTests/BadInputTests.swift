import Foundation
import Testing

/// Trouble: status 2, nothing on standard output, one clear line on standard error.
@Suite struct BadInputTests {
  private func expectTrouble(
    _ finished: Program.Finished, naming word: String, location: SourceLocation = #_sourceLocation
  ) {
    #expect(finished.status == 2, sourceLocation: location)
    #expect(finished.output.isEmpty, sourceLocation: location)
    #expect(finished.errors.hasPrefix("encoder-diff: "), sourceLocation: location)
    #expect(
      finished.errors.split(separator: "\n").count == 1, "\(finished.errors)",
      sourceLocation: location)
    #expect(
      finished.errors.contains(word), "\(finished.errors) names no \(word)",
      sourceLocation: location)
  }

  @Test(
    "command lines that cannot be right",
    arguments: [
      ("run --model \(smallModel)", "--mel"),
      ("\(digits) --mel x.npy --model \(smallModel)", "not both"),
      ("missing.wav --model \(smallModel)", "missing.wav"),
      ("\(digits) --model missing-model", "missing-model"),
      ("\(digits) --model \(smallModel) --backends reference,grpah", "did you mean 'graph'"),
      ("\(digits) --model \(smallModel) --inject ln-post-mising", "ln-post-missing"),
      ("\(digits) --model \(smallModel) --taps encoder.blocks.9", "encoder.blocks.0"),
      ("\(digits) --model \(smallModel) --window 7000", "window"),
      ("\(digits) --model \(smallModel) --window -1", "--window takes no negative number"),
      ("\(digits) --model \(smallModel) --threads 0", "--threads"),
      ("\(digits) --model \(smallModel) --backends reference --inject ln-post-missing", "graph"),
      ("compare missing.safetensors \(smallModel)", "missing.safetensors"),
      ("dump \(digits) --model \(smallModel) -o out.txt", "out.txt"),
      ("\(digits) --no-such-option", "--no-such-option"),
    ])
  func complaint(line: String, word: String) throws {
    expectTrouble(try Program.run(line), naming: word)
  }

  @Test func filesThatAreNotWhatTheyClaim() throws {
    let folder = try TemporaryFolder()
    let noAudio = try folder.write("noise.wav", "RIFF but not really")
    expectTrouble(try Program.run("\(noAudio) --model \(smallModel)"), naming: "noise.wav")
    let noDump = try folder.write("dump.safetensors", String(repeating: "z", count: 64))
    expectTrouble(try Program.run("compare \(noDump) \(noDump)"), naming: "dump.safetensors")
    let noMel = try folder.write("mel.npy", "\u{93}NUMPY")
    expectTrouble(try Program.run("--mel \(noMel) --model \(smallModel)"), naming: "mel.npy")
  }

  @Test func aFailedDumpLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out.npz")
    let run = try Program.run("dump missing.wav --model \(smallModel) -o \(path)")
    #expect(run.status == 2)
    #expect(folder.entries.isEmpty)
  }

  @Test func helpIsNoTrouble() throws {
    for line in ["--help", "help run", "--version"] {
      let help = try Program.run(line)
      #expect(help.status == 0 && help.errors.isEmpty && !help.output.isEmpty, "\(line)")
    }
  }
}
