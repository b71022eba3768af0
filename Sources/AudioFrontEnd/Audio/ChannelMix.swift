/// How several channels become one.

/// `mean` is right; the others are what ports do instead.
package enum ChannelMix: String, Sendable, Hashable, Codable, CaseIterable {
  case mean
  /// The sum of the channels, not divided by their number.
  case sum
  /// The first channel alone.
  case first
  /// The interleaved samples, read as if they were one channel.
  case interleaved

  /// Mixes frames of `numChannels` interleaved samples, in Float64, rounded once.
  func mixed(_ interleaved: ArraySlice<Float>, numChannels: Int) -> [Float] {
    if numChannels == 1 || self == .interleaved { return Array(interleaved) }
    return interleaved.withUnsafeBufferPointer { source in
      (0..<(source.count / numChannels)).map { frame in
        let base = frame * numChannels
        if self == .first { return source[base] }
        var sum = 0.0
        for channel in 0..<numChannels { sum += Double(source[base + channel]) }
        return Float(self == .mean ? sum / Double(numChannels) : sum)
      }
    }
  }
}
