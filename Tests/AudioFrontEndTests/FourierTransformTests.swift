/// The chain's spectra against the definition of the discrete Fourier transform.
import AudioFrontEnd
import Foundation
import TensorCore
import Testing

@Suite("Fourier transform")
struct FourierTransformTests {
  /// Lengths with every radix: 2, 3, 4, 5, odd primes, odd and even, and those of the chain.
  static let lengths = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16, 22, 25, 30, 49, 64, 77, 121, 160,
    199, 200, 256, 400, 401, 512, 2048,
  ]

  @Test("equals the definition", arguments: lengths)
  func matchesDefinition(length: Int) throws {
    let numFrames = 6
    let samples = noise(count: length * numFrames, seed: UInt64(length))
    let stft = try unwindowed(samples, length: length, numFrames: numFrames)
    #expect(stft.shape == [numFrames, length / 2 + 1, 2])
    let got = stft.float64Array
    var worst = 0.0
    for frame in 0..<numFrames {
      let signal = samples[(frame * length)..<((frame + 1) * length)].map(Double.init)
      for bin in 0...(length / 2) {
        let (re, im) = definition(signal, bin: bin)
        let at = 2 * (frame * (length / 2 + 1) + bin)
        worst = max(worst, abs(got[at] - re), abs(got[at + 1] - im))
      }
    }
    // The naive sum itself errs by about u·√N·‖x‖ ≤ u·N for |x| ≤ 1.
    #expect(worst <= 4 * 0x1p-53 * Double(length + 8), "worst error \(worst)")
  }

  @Test("a silent frame beside a loud one stays exactly zero")
  func lanesAreSeparate() throws {
    var samples = noise(count: 4 * 400, seed: 9)
    for n in 400..<800 { samples[n] = 0 }
    let stft = try unwindowed(samples, length: 400, numFrames: 4).float64Array
    #expect(stft[(201 * 2)..<(2 * 201 * 2)].allSatisfy { $0 == 0 })
  }

  @Test("a frame's bits do not depend on its neighbours")
  func independentOfPosition() throws {
    let frame = noise(count: 400, seed: 3)
    let other = noise(count: 400, seed: 4)
    let first = try unwindowed(frame + other + other, length: 400, numFrames: 3).float64Array
    let last = try unwindowed(other + other + frame, length: 400, numFrames: 3).float64Array
    #expect(Array(first[..<402]) == Array(last[804...]))
  }

  /// Frames of `length` that follow each other without a window, centring or overlap.
  private func unwindowed(_ samples: [Float], length: Int, numFrames: Int) throws -> Tensor {
    let options = FrontEndOptions.with {
      $0.spectrum.fftLength = length
      $0.spectrum.windowLength = length
      $0.spectrum.hopLength = length
      $0.spectrum.window = .rectangular
      $0.spectrum.alignment = .within
      $0.spectrum.lastFrame = .kept
      $0.spectrum.padding = .none
    }
    let context = FrontEndContext(numFrames: samples.count / 160 + 1, numMels: 2)
    let taps = try LogMelChain(options).run(
      Waveform(samples: samples), context: context, keeping: [.stft])
    return try #require(taps[.stft])
  }

  private func definition(_ signal: [Double], bin: Int) -> (Double, Double) {
    var re = 0.0
    var im = 0.0
    for (n, x) in signal.enumerated() {
      let angle = -2 * Double.pi * Double(n * bin % signal.count) / Double(signal.count)
      re += x * cos(angle)
      im += x * sin(angle)
    }
    return (re, im)
  }
}
