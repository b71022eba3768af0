/// Windows of the audio: how many there are and what they hold.
import AudioFrontEnd
import TensorCore
import Testing

@Suite("Windows")
struct WindowTests {
  @Test("cover the audio", arguments: [(1, 1), (99, 1), (100, 1), (101, 2), (250, 3)])
  func counts(samples: Int, windows: Int) {
    let waveform = Waveform(samples: (0..<samples).map { Float($0 + 1) })
    #expect(waveform.windowCount(windowSamples: 100) == windows)
    let cut = waveform.windows(of: 100)
    #expect(cut.count == windows)
    #expect(cut.allSatisfy { $0.samples.count == 100 })
    let joined = cut.flatMap(\.samples)
    #expect(Array(joined[..<samples]) == waveform.samples)
    #expect(joined[samples...].allSatisfy { $0 == 0 })
  }

  @Test("are selected by number or all of them")
  func selection() throws {
    let waveform = Waveform(samples: [Float](repeating: 0, count: 250))
    #expect(WindowSelection(parsing: "2") == .index(2))
    #expect(WindowSelection(parsing: "all") == .all)
    #expect(WindowSelection(parsing: "-1") == nil)
    #expect(WindowSelection(parsing: "two") == nil)
    #expect(try waveform.windowIndices(.all, windowSamples: 100) == [0, 1, 2])
    #expect(try waveform.windowIndices(.index(2), windowSamples: 100) == [2])
    #expect(throws: AudioError.noSuchWindow(3, count: 3)) {
      try waveform.windowIndices(.index(3), windowSamples: 100)
    }
  }

  @Test("a window's mel is that of its samples alone")
  func melOfWindow() throws {
    let context = FrontEndContext(numAudioContext: 50, numMels: 80)
    let waveform = Waveform(samples: noise(count: 40_000, seed: 3))
    let whole = try LogMelSpectrogram.compute(waveform, windowIndex: 2, context: context)
    let alone = try LogMelSpectrogram.compute(
      waveform.window(2, windowSamples: context.numSamples), context: context)
    #expect(whole.shape == [100, 80])
    #expect(whole.float64Array == alone.float64Array)
  }
}
