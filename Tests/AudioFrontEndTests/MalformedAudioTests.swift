/// Damaged audio files end in one clear line.
import AudioFrontEnd
import Foundation
import Testing

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Fixtures/malformed/audio").standardizedFileURL.path

private let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()

@Suite struct MalformedAudioTests {
  @Test("audio files", arguments: files)
  func audio(file: String) {
    do {
      let waveform = try AudioDecoder.decode(path: "\(folder)/\(file)", keepingNative: true)
      #expect(file.hasPrefix("good") || file.hasPrefix("found-"), "\(file) was accepted")
      let isFinite = waveform.samples.allSatisfy { $0.isFinite }
      #expect(isFinite, "\(file)")
    } catch {
      #expect(!file.hasPrefix("good"), "\(error)")
      #expect(!"\(error)".contains("\n"))
    }
  }
}
