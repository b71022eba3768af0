/// Every way in which an audio file can be bad has its own error, and its message is one line.
import AudioFrontEnd
import Foundation
import Testing

@Suite("Bad audio")
struct BadAudioTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The error that decoding a file gives; its message is checked on the way.
  private func failure(_ path: String) -> AudioError? {
    do throws(AudioError) {
      _ = try AudioDecoder.decode(path: path)
      return nil
    } catch {
      #expect(!error.description.contains("\n"))
      #expect(error.description.count > 20)
      return error
    }
  }

  @Test("missing file, folder, empty file")
  func files() throws {
    let missing = folder.file("missing.wav")
    #expect(failure(missing) == .notFound(missing))
    #expect(failure(missing + "/below.wav") == .notFound(missing + "/below.wav"))
    #expect(failure(folder.path) == .isDirectory(folder.path))
    let empty = try folder.write("empty.wav", [])
    #expect(failure(empty) == .empty(empty))
  }

  @Test("not audio", arguments: ["just some text\n", "{\"json\": true}", "RIFF", "fLaC", "OggS"])
  func notAudio(text: String) throws {
    let path = try folder.write("other.wav", Array(text.utf8))
    guard case .notAudio(path, _) = failure(path) else {
      Issue.record("expected notAudio, got \(String(describing: failure(path)))")
      return
    }
  }

  @Test("zero samples", arguments: [SoundFormat.wav16, SoundFormat.all[7]])
  func zeroSamples(format: SoundFormat) throws {
    let path = folder.file("zero")
    try writeSound(path, [], format: format)
    #expect(failure(path) == .noSamples(path))
  }

  @Test(
    "truncated WAV, AIFF, MP3, Vorbis and Opus",
    arguments: SoundFormat.all.filter { !$0.name.hasPrefix("flac") })
  func truncated(format: SoundFormat) throws {
    let whole = folder.file("whole")
    try writeSound(whole, noise(count: 96_000, seed: 5), format: format)
    #expect(failure(whole) == nil)
    let bytes = try fileBytes(whole)
    let path = try folder.write("cut", Array(bytes[..<(bytes.count / 2)]))
    guard case .truncated(path, let expected, let found, _) = failure(path) else {
      Issue.record("expected truncated, got \(String(describing: failure(path)))")
      return
    }
    #expect(expected > found)
  }

  @Test("truncated FLAC")
  func truncatedFLAC() throws {
    let whole = folder.file("whole.flac")
    try writeSound(whole, noise(count: 64_000, seed: 5), format: SoundFormat.all[8])
    let bytes = try fileBytes(whole)
    let path = try folder.write("cut.flac", Array(bytes[..<(bytes.count / 2)]))
    switch failure(path) {
    case .truncated, .decoding: break
    case let other: Issue.record("expected truncated, got \(String(describing: other))")
    }
  }

  @Test("NaN and infinite samples are found and counted", arguments: [Float.nan, .infinity])
  func nonFinite(value: Float) throws {
    var samples = noise(count: 60_000, seed: 1)
    samples[40_001] = value
    let path = folder.file("bad.wav")
    try writeSound(path, samples, channels: 2, format: .wavFloat)
    guard case .nonFiniteSample(path, _, let frame, let channel) = failure(path) else {
      Issue.record("expected nonFiniteSample, got \(String(describing: failure(path)))")
      return
    }
    #expect(frame == 20_000 && channel == 1)
  }

  @Test("absurd channel counts and rates")
  func implausible() throws {
    let many = folder.file("many.wav")
    try writeSound(many, [Float](repeating: 0, count: 200), channels: 100)
    #expect(failure(many) == .implausibleChannels(many, 100))
    for rate in [10, 2_000_000] {
      let path = folder.file("rate-\(rate).wav")
      try writeSound(path, [0, 0, 0], rateHz: rate)
      #expect(failure(path) == .implausibleRate(path, hertz: rate))
    }
  }

  @Test("no cut of a file crashes or passes as something else")
  func everyPrefix() throws {
    let whole = folder.file("whole.wav")
    try writeSound(whole, noise(count: 100, seed: 8))
    let bytes = try fileBytes(whole)
    for length in 0..<bytes.count {
      #expect(throws: AudioError.self, "\(length) of \(bytes.count) bytes") {
        try AudioDecoder.decode(bytes: Array(bytes[..<length]), name: "prefix")
      }
    }
  }

  @Test("no flipped byte of a header crashes")
  func flippedBytes() throws {
    for format in [SoundFormat.wav16, SoundFormat.all[7], SoundFormat.all[8]] {
      let whole = folder.file("flip-" + format.name)
      try writeSound(whole, noise(count: 500, seed: 8), format: format)
      let bytes = try fileBytes(whole)
      for index in 0..<min(64, bytes.count) {
        for mask in [0x01, 0x80, 0xFF] as [UInt8] {
          var changed = bytes
          changed[index] ^= mask
          do throws(AudioError) {
            let waveform = try AudioDecoder.decode(bytes: changed, name: "flipped")
            #expect(waveform.samples.allSatisfy { $0.isFinite })
          } catch {
            #expect(!error.description.contains("\n"))
          }
        }
      }
    }
  }
}
