/// The chain's taps, its cache and its catalogue of faults.
import AudioFrontEnd
import Foundation
import TensorCore
import Testing

@Suite("Chain")
struct ChainTests {
  let context = FrontEndContext(numFrames: 300, numMels: 80)
  let waveform = Waveform(samples: Array(goldenSamples()[..<40_000]))

  @Test("taps have their shapes and follow from each other")
  func taps() throws {
    let taps = try LogMelChain().run(waveform, context: context)
    #expect(Set(taps.keys) == Set(FrontEndTap.allCases))
    #expect(taps[.pcm]?.shape == [48_000])
    #expect(taps[.stft]?.shape == [300, 201, 2])
    #expect(taps[.power]?.shape == [300, 201])
    #expect(taps[.melPower]?.shape == [300, 80])
    #expect(taps[.logMel]?.shape == [300, 80])
    #expect(taps[.mel]?.shape == [300, 80])
    let stft = try #require(taps[.stft]).float64Array
    let power = try #require(taps[.power]).float64Array
    #expect(
      power.indices.allSatisfy {
        power[$0] == stft[2 * $0] * stft[2 * $0] + stft[2 * $0 + 1] * stft[2 * $0 + 1]
      })
    let log = try #require(taps[.logMel]).float64Array
    let mel = try #require(taps[.mel]).float64Array
    let maximum = try #require(log.max())
    #expect(mel.indices.allSatisfy { mel[$0] == (max(log[$0], maximum - 8) + 4) / 4 })
  }

  @Test("a tone lies in the band of its frequency")
  func toneInBand() throws {
    let tone = Waveform(samples: sine(1000, rateHz: 16_000, count: 48_000))
    let mel = try LogMelSpectrogram.compute(tone, context: context).float64Array
    let frame = mel[(100 * 80)..<(101 * 80)]
    let loudest = try #require(frame.firstIndex(of: frame.max() ?? .nan)) - 100 * 80
    // 15 mel at 1000 Hz of 45.245 at 8 kHz: 15/45.245·81 − 1 = 25.85.
    #expect(loudest == 26)
  }

  @Test("silence is finite and flat")
  func silence() throws {
    let mel = try LogMelSpectrogram.compute(
      Waveform(samples: [Float](repeating: 0, count: 1000)), context: context)
    #expect(mel.float64Array.allSatisfy { $0 == (-10.0 + 4) / 4 })
  }

  @Test("audio shorter than a frame's margin works", arguments: [1, 2, 100, 199, 200, 201])
  func tinyAudio(count: Int) throws {
    let options = FrontEndOptions.with { $0.spectrum.padding = .none }
    let tiny = Waveform(samples: noise(count: count, seed: 4))
    let mel = try LogMelChain(options).run(tiny, context: context, keeping: [.mel])
    #expect(mel[.mel]?.float64Array.allSatisfy(\.isFinite) == true)
  }

  @Test("the cache never changes a result: any order of faults, and each alone, same bits")
  func cacheIsTransparent() throws {
    let shared = FrontEndRunner(waveform, context: context)
    for fault in FrontEndOptions.catalogue.reversed() {
      let alone = try FrontEndRunner(waveform, context: context).mel(fault.options)
      #expect(
        try shared.mel(fault.options).float64Array.map(\.bitPattern)
          == alone.float64Array.map(\.bitPattern), "\(fault.slug)")
    }
  }

  @Test("windows of the transcribe profile are cuts of one spectrogram")
  func transcribeProfile() throws {
    let profile = try #require(FrontEndOptions.fault(named: "profile-openai-transcribe")).options
    let small = FrontEndContext(numFrames: 100, numMels: 80)
    let first = try FrontEndRunner(waveform, windowIndex: 0, context: small).mel(profile)
    // One context that holds the audio and the silence after it has the same frames.
    let whole = try LogMelSpectrogram.compute(
      waveform, context: FrontEndContext(numFrames: 350, numMels: 80))
    #expect(first.float64Array == Array(whole.float64Array[..<8000]))
  }

  @Test("NaN samples are not hidden")
  func propagatesNaN() throws {
    var samples = waveform.samples
    samples[20_000] = .nan
    let mel = try LogMelSpectrogram.compute(Waveform(samples: samples), context: context)
    #expect(mel.float64Array.contains { $0.isNaN })
  }
}

@Suite("Front-end faults")
struct FrontEndFaultTests {
  @Test("slugs are unique, ids are of the front-end, texts are one line")
  func catalogue() {
    let catalogue = FrontEndOptions.catalogue
    #expect(Set(catalogue.map(\.slug)).count == catalogue.count)
    #expect(Set(catalogue.map(\.options)).count == catalogue.count)
    for fault in catalogue {
      #expect(fault.slug.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil)
      #expect(fault.ids.allSatisfy { (1...26).contains($0) || $0 == 50 })
      #expect(!fault.summary.isEmpty && !fault.remedy.isEmpty)
      #expect(!(fault.summary + fault.remedy).contains("\n"))
      #expect(fault.options != .whisper)
    }
    let covered = Set(catalogue.flatMap(\.ids))
    // Every number of the published catalogue's front-end section.
    let published = [
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 19, 20, 21, 22, 23, 24, 25, 26,
    ]
    #expect(covered.isSuperset(of: published))
  }

  @Test(
    "changes the tap that it names, and none before",
    arguments: FrontEndOptions.catalogue.map(\.slug))
  func firstChangedTap(slug: String) throws {
    let fault = try #require(FrontEndOptions.fault(named: slug))
    let context = FrontEndContext(numFrames: 300, numMels: slug == "mel-80-bands" ? 128 : 80)
    let runner = FrontEndRunner(try revealing(fault), context: context)
    let right = try runner.run(.whisper, keeping: Set(FrontEndTap.allCases))
    let wrong = try runner.run(fault.options, keeping: Set(FrontEndTap.allCases))
    let changed = FrontEndTap.allCases.first {
      right[$0]?.shape != wrong[$0]?.shape || right[$0]?.float64Array != wrong[$0]?.float64Array
    }
    #expect(changed == fault.tap)
    let isVisible = right[.mel]?.float64Array != wrong[.mel]?.float64Array
    #expect(isVisible)
    #expect(wrong[.mel]?.shape == [300, context.numMels])
  }

  @Test("options survive JSON")
  func coding() throws {
    for fault in FrontEndOptions.catalogue {
      let data = try JSONEncoder().encode(fault.options)
      #expect(try JSONDecoder().decode(FrontEndOptions.self, from: data) == fault.options)
    }
  }

  @Test("two faults combine")
  func combination() throws {
    let first = try #require(FrontEndOptions.fault(named: "mel-symmetric-hann"))
    let second = try #require(FrontEndOptions.fault(named: "mel-no-clamp"))
    let both = second.applied(to: first.options)
    #expect(both.spectrum.window == .hannSymmetric && both.log.dynamicRange == nil)
    #expect(both == first.applied(to: second.options))
  }

  /// Audio on which a fault shows: stereo at 22.05 kHz with an offset and a pause, louder later;
  /// short where it is padded, and quiet where only the logarithm's floor differs.
  private func revealing(_ fault: FrontEndFault) throws -> Waveform {
    let gain: Float = fault.slug.contains("floor") ? 1e-4 : 0.5
    let left = goldenSamples()
    let right = noise(count: 100_000, seed: 5)
    var interleaved = (0..<200_000).map { ((($0 % 2 == 0) ? left : right)[$0 / 2] + 0.05) * gain }
    for n in 60_000..<90_000 { interleaved[n] *= 1e-5 }
    // A click where only the last, reflected frame of the first window sees it in full.
    for n in 132_260..<132_300 { interleaved[n] = 2 * gain }
    for n in 160_000..<200_000 { interleaved[n] *= 1.9 }
    let waveform = try decoded(
      NativeAudio(interleaved: interleaved, numChannels: 2, sampleRateHz: 22_050))
    let isPadded = fault.options.spectrum.padding != .right
    return isPadded ? Waveform(samples: Array(waveform.samples[..<30_000])) : waveform
  }

  /// The waveform that decoding a file with this audio would give.
  private func decoded(_ native: NativeAudio) throws -> Waveform {
    let folder = try TemporaryFolder()
    let path = folder.file("native.wav")
    try writeSound(
      path, native.interleaved, rateHz: native.sampleRateHz, channels: native.numChannels,
      format: .wavFloat)
    return try AudioDecoder.decode(path: path, keepingNative: true)
  }
}
