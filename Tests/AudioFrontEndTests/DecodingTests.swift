/// Files of every format, rate and channel count become the same waveform.
import AudioFrontEnd
import Foundation
import Testing

@Suite("Decoding")
struct DecodingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("reads back what was written", arguments: SoundFormat.all)
  func formats(format: SoundFormat) throws {
    let samples = sine(440, rateHz: 16_000, count: 16_000)
    let path = folder.file("sound-" + format.name)
    try writeSound(path, samples, format: format)
    let waveform = try AudioDecoder.decode(path: path)
    #expect(waveform.sampleRateHz == 16_000)
    #expect(waveform.sourceDescription.contains("16000 Hz, 1 channel"))
    if let step = format.step {
      #expect(waveform.samples.count == samples.count)
      let worst = zip(waveform.samples, samples).reduce(0) { max($0, abs(Double($1.0 - $1.1))) }
      #expect(worst <= step)
    } else {
      // Lossy codecs delay and pad; the tone and its level survive.
      #expect(abs(waveform.samples.count - samples.count) <= 2400)
      let middle = Array(waveform.samples[4000..<12_000])
      #expect(abs(amplitude(of: 440, in: middle) - 0.5) < 0.02)
    }
  }

  @Test("16-bit samples are divided by 32768 exactly")
  func exactScale() throws {
    let integers: [Int16] = [0, 1, -1, 32767, -32768, 12345]
    let path = folder.file("exact.wav")
    try writeSound(path, integers: integers)
    #expect(
      try AudioDecoder.decode(path: path).samples == integers.map { Float($0) / 32768 })
  }

  @Test("channels become their mean", arguments: [2, 3, 6])
  func mixesChannels(channels: Int) throws {
    let frames = 1000
    let interleaved = (0..<(frames * channels)).map { Float($0 % 64) / 64 - 0.5 }
    let path = folder.file("channels.wav")
    try writeSound(path, interleaved, channels: channels, format: .wavFloat)
    let waveform = try AudioDecoder.decode(path: path, keepingNative: true)
    for frame in [0, 1, 17, frames - 1] {
      let row = interleaved[(frame * channels)..<((frame + 1) * channels)].map(Double.init)
      #expect(waveform.samples[frame] == Float(row.reduce(0, +) / Double(channels)))
    }
    #expect(waveform.native?.numChannels == channels)
    #expect(waveform.native?.interleaved == interleaved)
  }

  @Test("a file that is mono at 16 kHz already keeps no second copy")
  func noNativeCopy() throws {
    let path = folder.file("plain.wav")
    try writeSound(path, sine(440, rateHz: 16_000, count: 100))
    #expect(try AudioDecoder.decode(path: path, keepingNative: true).native == nil)
  }

  @Test("resamples tones and keeps them clean", arguments: [8_000, 11_025, 22_050, 44_100, 48_000])
  func resamples(rateHz: Int) throws {
    let path = folder.file("tone.wav")
    try writeSound(
      path, sine(1000, rateHz: rateHz, count: rateHz * 2), rateHz: rateHz, format: .wavFloat)
    let waveform = try AudioDecoder.decode(path: path)
    #expect(abs(waveform.samples.count - 32_000) <= 1)
    let middle = Array(waveform.samples[8000..<24_000])
    // The tone in phase with the original, sample by sample.
    let worst = middle.indices.reduce(0.0) { worst, n in
      let exact = 0.5 * sin(2 * .pi * 1000 * Double(n + 8000) / 16_000)
      return max(worst, abs(Double(middle[n]) - exact))
    }
    #expect(worst < 1e-6)
  }

  @Test("what lies above 8 kHz does not fold down")
  func doesNotAlias() throws {
    let path = folder.file("high.wav")
    try writeSound(
      path, sine(12_000, rateHz: 48_000, count: 96_000), rateHz: 48_000, format: .wavFloat)
    let samples = try AudioDecoder.decode(path: path).samples
    #expect(samples[4000..<28_000].allSatisfy { abs($0) < 1e-6 })
  }

  @Test("bytes in memory decode like the file")
  func bytesInMemory() throws {
    let path = folder.file("memory.flac")
    try writeSound(path, noise(count: 20_000, seed: 2), format: SoundFormat.all[8])
    let fromFile = try AudioDecoder.decode(path: path)
    let fromBytes = try AudioDecoder.decode(bytes: fileBytes(path), name: "memory")
    #expect(fromFile.samples == fromBytes.samples)
  }

  @Test("a pipe decodes like the file")
  func namedPipe() async throws {
    let path = folder.file("whole.wav")
    try writeSound(path, noise(count: 200_000, seed: 3))
    let bytes = try fileBytes(path)
    let pipe = folder.file("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    let writer = Task.detached {
      try FileHandle(forWritingTo: URL(fileURLWithPath: pipe)).write(contentsOf: bytes)
    }
    let waveform = try AudioDecoder.decode(path: pipe)
    try await writer.value
    #expect(try waveform.samples == AudioDecoder.decode(path: path).samples)
  }

  @Test(
    "a WAV from a pipe has no size and is believed",
    arguments: [0x7FFF_F000, 0x7FFF_FFFF, 0xFFFF_FFFF])
  func unknownSize(size: UInt32) throws {
    let path = folder.file("piped.wav")
    try writeSound(path, sine(440, rateHz: 16_000, count: 1600))
    var bytes = try fileBytes(path)
    let data = try #require(bytes.firstRange(of: Array("data".utf8)))
    for byte in 0..<4 {
      let value = UInt8(truncatingIfNeeded: size >> (8 * UInt32(byte)))
      bytes[4 + byte] = value
      bytes[data.upperBound + byte] = value
    }
    #expect(try AudioDecoder.decode(bytes: bytes, name: "pipe").samples.count == 1600)
  }

  /// The amplitude of one frequency, by projection.
  private func amplitude(of hertz: Double, in samples: [Float]) -> Double {
    var (re, im) = (0.0, 0.0)
    for (n, x) in samples.enumerated() {
      let angle = 2 * Double.pi * hertz * Double(n) / 16_000
      re += Double(x) * cos(angle)
      im += Double(x) * sin(angle)
    }
    return 2 * (re * re + im * im).squareRoot() / Double(samples.count)
  }
}
