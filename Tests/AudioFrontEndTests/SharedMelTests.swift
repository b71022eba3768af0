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
}
