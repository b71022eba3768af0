/// Random numbers without state: a hash of (seed, stream, counter), the same in Swift and numpy.
///
/// SplitMix64's finaliser over seed, stream and counter; 2⁶⁴ arithmetic only, so that twenty
/// lines of numpy reproduce every value bit for bit.
package enum CounterHash {
  /// 64 uniformly distributed bits.
  @inlinable
  package static func bits(seed: UInt64, stream: UInt64, counter: UInt64) -> UInt64 {
    bits(key: key(seed: seed, stream: stream), counter: counter)
  }

  /// What is the same for every counter of a stream; loops compute it once.
  @inlinable
  package static func key(seed: UInt64, stream: UInt64) -> UInt64 {
    mix(mix(seed &+ 0x9E37_79B9_7F4A_7C15) ^ (stream &* 0xD1B5_4A32_D192_ED03))
  }

  /// 64 uniformly distributed bits of the stream that `key` stands for.
  @inlinable
  package static func bits(key: UInt64, counter: UInt64) -> UInt64 {
    mix(key &+ counter &* 0x9E37_79B9_7F4A_7C15)
  }

  /// A number in [0, 1) with 24 random bits: exact in Float32.
  @inlinable
  package static func uniform(seed: UInt64, stream: UInt64, counter: UInt64) -> Double {
    uniform(key: key(seed: seed, stream: stream), counter: counter)
  }

  /// The same of the stream that `key` stands for.
  @inlinable
  package static func uniform(key: UInt64, counter: UInt64) -> Double {
    Double(bits(key: key, counter: counter) >> 40) * 0x1p-24
  }

  /// SplitMix64's output function.
  /// - Note: Source Steele, Lea & Flood 2014, with Stafford's constants (variant 13).
  @inlinable
  package static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
