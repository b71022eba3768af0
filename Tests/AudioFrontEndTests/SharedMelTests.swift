/// The mel of a real recording against openai-whisper's algorithm in Float64.
import AudioFrontEnd
import Foundation
import TensorCore
import Testing

@Suite("Mel of a recording", .enabled(if: SharedData.isThere))
struct SharedMelTests {
  @Test("agrees to one rounding of Float32", arguments: [80, 128])
  func matchesWhisper(numMels: Int) throws {
    let waveform = try AudioDecoder.decode(path: SharedData.folder + "/audio/jfk.wav")
    let mel = try LogMelSpectrogram.compute(
      waveform, context: FrontEndContext(numMels: numMels))
    let golden = try SharedData.mel("jfk-\(numMels)-float64.npy")
    let difference = maximumDifference(mel.converted(to: .float32).float64Array, golden)
    #expect(difference <= 2e-7)
  }

  @Test("the same recording as FLAC in stereo and as MP3", arguments: ["flac", "mp3"])
  func otherFormats(suffix: String) throws {
    let wav = try AudioDecoder.decode(path: SharedData.folder + "/audio/jfk.wav")
    let other = try AudioDecoder.decode(path: SharedData.folder + "/audio/jfk.\(suffix)")
    #expect(abs(other.samples.count - wav.samples.count) <= 16)
    // Another decoder, resampler and dither: alike where there is sound.
    let first = try LogMelSpectrogram.compute(wav).float64Array
    let second = try LogMelSpectrogram.compute(other).float64Array
    let mean = zip(first, second).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(first.count)
    #expect(mean < 0.02)
  }
}
