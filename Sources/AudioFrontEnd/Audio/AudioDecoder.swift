/// Audio file → mono 16 kHz waveform: the first step on the road.

/// Decodes everything libsndfile reads, mixes the channels to their mean and resamples with
/// libsoxr at its highest quality.
package enum AudioDecoder {
  /// Decodes a file, a pipe, or standard input where `path` is `-`.
  ///
  /// With `keepingNative` the file's own channels and rate are kept too, for hypotheses about how
  /// a port decodes it. NaN and infinite samples are errors.
  package static func decode(
    path: String, keepingNative: Bool = false
  ) throws(AudioError) -> Waveform {
    try decode(AudioBytes.load(path), keepingNative: keepingNative)
  }

  /// Decodes a file that is in memory already; `name` stands in messages.
  package static func decode(
    bytes: [UInt8], name: String, keepingNative: Bool = false
  ) throws(AudioError) -> Waveform {
    try decode(AudioBytes(name: name, bytes: bytes), keepingNative: keepingNative)
  }

  private static func decode(
    _ source: AudioBytes, keepingNative: Bool
  ) throws(AudioError) -> Waveform {
    try source.checkComplete()
    let file = try SoundFile(source)
    var decoding = try Decoding(file, keepingNative: keepingNative)
    try decoding.run()
    guard decoding.numFrames > 0 else { throw .noSamples(file.name) }
    if !file.isLengthEstimated && decoding.numFrames < file.numFrames {
      throw .truncated(
        file.name, expected: file.numFrames, found: decoding.numFrames, unit: "sample frames")
    }
    let description = "\(file.name) (\(file.formatDescription))"
    guard !decoding.mono.isEmpty else { throw .noSamples(file.name) }
    return Waveform(
      samples: decoding.mono, sourceDescription: description, native: decoding.native)
  }
}

/// The state of decoding one file block by block, so that only the result is held whole.
private struct Decoding {
  let file: SoundFile
  let resampler: StreamResampler?
  let keepsNative: Bool
  var interleaved: [Float] = []
  var mono: [Float] = []
  var numFrames = 0

  init(_ file: SoundFile, keepingNative: Bool) throws(AudioError) {
    self.file = file
    let needsResampling = file.rateHz != AudioLimits.modelRateHz
    keepsNative = keepingNative && (needsResampling || file.numChannels > 1)
    resampler =
      needsResampling
      ? try StreamResampler(
        fromHz: file.rateHz, toHz: AudioLimits.modelRateHz, quality: .veryHigh) : nil
  }

  var native: NativeAudio? {
    guard keepsNative else { return nil }
    return NativeAudio(
      interleaved: interleaved, numChannels: file.numChannels, sampleRateHz: file.rateHz)
  }

  mutating func run() throws(AudioError) {
    let limit = AudioLimits.maximumHours * 3600 * file.rateHz
    var block = [Float](repeating: 0, count: 16_384 * file.numChannels)
    while true {
      let count = try file.read(into: &block)
      if count == 0 { break }
      try checkFinite(block, count: count * file.numChannels)
      numFrames += count
      guard numFrames <= limit else {
        throw .tooLong(file.name, limitHours: AudioLimits.maximumHours)
      }
      if keepsNative { interleaved.append(contentsOf: block[..<(count * file.numChannels)]) }
      let mixed = ChannelMix.mean.mixed(
        block[..<(count * file.numChannels)], numChannels: file.numChannels)
      if let resampler {
        try resampler.process(mixed, appendingTo: &mono)
      } else {
        mono.append(contentsOf: mixed)
      }
    }
    try resampler?.finish(appendingTo: &mono)
  }

  private func checkFinite(_ block: [Float], count: Int) throws(AudioError) {
    // A sum of zeros unless something is NaN or infinite: one branch for a whole block.
    var residue: Float = 0
    for index in 0..<count { residue += block[index] * 0 }
    guard residue != 0 else { return }
    for index in 0..<count where !block[index].isFinite {
      throw .nonFiniteSample(
        file.name, value: "\(block[index])", frame: numFrames + index / file.numChannels,
        channel: index % file.numChannels)
    }
  }
}
