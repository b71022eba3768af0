import Foundation
import TensorIO
import Testing

/// `encoder-diff transcribe`, and the transcript below the tables of `run`, with the shipped model.
@Suite struct TranscribeTests {
  private static let spoken = [
    "digits.wav", "digits-us.wav", "digits-scotland.wav", "digits-unseen-voice.wav",
    "digits-noisy.wav", "digits-clipped.wav", "digits-quiet.wav", "digits-8000.wav",
    "digits-22050.wav", "digits-44100-stereo.flac", "digits-44100-stereo.mp3",
    "digits-44100-stereo.ogg", "digits-long.flac",
  ]

  private func text(of file: String) throws -> String {
    let texts = try parseJSONFile(Program.root + "/Fixtures/audio/transcripts.json")
    return try #require(texts[file]?.stringValue)
  }

  @Test("every encoder leads to what was said", arguments: Self.spoken)
  func sameText(_ file: String) throws {
    let said = try text(of: file)
    let run = try Program.run(
      ["transcribe", "Fixtures/audio/\(file)", "--window", "all", "--json", "-"]
        + ["--reference-text", said])
    #expect(run.status == 0, "\(run.errors)")
    let document = try run.json
    #expect(document["schema"]?.stringValue == "encoder-diff.transcribe/1")
    #expect(document["sameText"] == .bool(true))
    #expect(document["reference"]?["text"]?.stringValue == said)
    let candidates = try #require(document["candidates"]?.arrayValue)
    #expect(!candidates.isEmpty)
    for candidate in candidates {
      #expect(candidate["text"]?.stringValue == said)
      #expect(candidate["wordErrorRate"]?.doubleValue == 0)
      #expect(candidate["firstDifference"] == .null)
      #expect((candidate["margins"]?["safetyFactor"]?.doubleValue ?? 0) > 1000)
    }
  }

  @Test("where nobody speaks there is no text", arguments: ["silence.wav", "noise.wav"])
  func nothing(_ file: String) throws {
    let run = try Program.run("transcribe Fixtures/audio/\(file) -q")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("(nothing)"))
  }

  @Test("a missing ln_post breaks the text, and one sentence says so")
  func broken() throws {
    let fault = "ln-post-missing"
    let run = try Program.run(
      ["transcribe", digits, "--inject", fault, "--reference-text", "two nine three six"])
    #expect(run.status == 1)
    let sentence = try #require(
      run.output.split(separator: "\n").last { $0.contains(fault) && $0.contains("becomes") })
    #expect(sentence.contains("where the reference has"))
    let table = try Program.run("\(digits) --inject \(fault) --taps layers")
    #expect(table.status == 1)
    #expect(table.output.contains(sentence))
    #expect(table.output.contains("text   two nine three six"))
  }

  @Test("rounded products leave the text and say by how much")
  func margins() throws {
    let run = try Program.run("transcribe \(digits) --inject bf16-products --json -")
    #expect(run.status == 0)
    let graph = try #require(
      run.json["candidates"]?.arrayValue?.first { $0["backend"]?.stringValue == "graph" })
    let safety = try #require(graph["margins"]?["safetyFactor"]?.doubleValue)
    #expect(safety > 1 && safety < 1e4)
    #expect(graph["margins"]?["sentence"]?.stringValue?.contains("smallest margin") == true)
    let faults = try #require(graph["faults"]?.arrayValue)
    #expect(!faults.isEmpty)
  }

  @Test("run tells the transcript too, and says why there is none")
  func sections() throws {
    let whole = try Program.run("\(digits) --json -").json["transcript"]
    #expect(whole?["available"] == .bool(true))
    #expect(whole?["reference"]?["text"]?.stringValue == "two nine three six")
    let encoder = try Program.run("\(digits) --model Fixtures/models/small/encoder.onnx --json -")
    #expect(try encoder.json["transcript"]?["available"] == .bool(false))
    #expect(try encoder.json["transcript"]?["reason"]?.stringValue?.contains("decoder") == true)
    let quiet = try Program.run("\(digits) --no-transcript --json -")
    #expect(try quiet.json["transcript"] == nil)
  }

  @Test("transcribe refuses what it cannot do in one line")
  func refusals() throws {
    for (line, part) in [
      ("transcribe \(digits) --model Fixtures/models/small/encoder.onnx", "holds no text decoder"),
      ("transcribe \(digits) --beam 0", "beam size"),
      ("transcribe \(digits) --language de", "has no language 'de'"),
      ("transcribe \(digits) --task translate", "<|translate|>"),
      ("transcribe \(digits) --timestamps", "points in time"),
    ] {
      let run = try Program.run(line)
      #expect(run.status == 2, "\(line)")
      #expect(run.errors.contains(part), "\(run.errors)")
      #expect(run.output.isEmpty && run.errors.split(separator: "\n").count == 1)
    }
  }

  @Test("beam search leads to the same text through the same encoders")
  func beam() throws {
    let run = try Program.run("transcribe \(digits) --beam 4 -q")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("two nine three six"))
  }
}
