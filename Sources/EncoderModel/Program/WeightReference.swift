/// A weight by its checkpoint name, and what is done to it on the way into an operation.
///
/// A sound encoder uses every weight as it stands; transforms are how ports get them wrong.
package struct WeightReference: Sendable, Hashable, Codable {
  /// OpenAI's checkpoint path, e.g. `encoder.blocks.3.attn.query.weight`.
  package var name: String
  /// Applied in order.
  package var transforms: [WeightTransform]

  package init(_ name: String, transforms: [WeightTransform] = []) {
    self.name = name
    self.transforms = transforms
  }

  /// The same weight with one more transform.
  package func applying(_ transform: WeightTransform) -> WeightReference {
    WeightReference(name, transforms: transforms + [transform])
  }
}

/// One alteration of a weight tensor; shapes are kept but for one, so every operation still fits.
package enum WeightTransform: Sendable, Hashable, Codable {
  /// Rounded to a number format, each output channel, frame or vector with a scale of its own.
  case rounded(NumberFormat)
  /// Through one of ggml's block quantisations and back (blocks of 32 along an output channel).
  case quantized(BlockQuantization)
  /// To integers and back, in one of the schemes of engines other than ggml.
  case uniformlyQuantized(UniformQuantization)
  /// To 8-bit floating point numbers and back.
  case eightBitFloat(EightBitFloat)
  /// Multiplied by a constant.
  case scaled(Double)
  /// A constant added.
  case offset(Double)
  /// All zero.
  case zeroed
  /// Replaced by seeded noise of the same mean and standard deviation.
  case randomized(seed: UInt64)
  /// Read with its axes in another order: element (i₀, i₁, …) of the result is what lies at that
  /// flat position when the tensor is stored permuted by `axes` and taken for unpermuted.
  case memoryPermuted(axes: [Int])
  /// A convolution's kernel `[out, in, 3]` with only its middle tap kept.
  case centreTapOnly
  /// A convolution's kernel with the sum of its taps in the middle one.
  case tapsCollapsed
  /// A convolution's kernel in reverse order of time.
  case tapsReversed
  /// Columns c, c + C/2 of a `[frames, C]` table interleaved as 2c, 2c + 1.
  case halvesInterleaved
  /// Replaced by sinusoids computed in another way.
  case sinusoids(SinusoidVariant)
  /// Replaced by Whisper's sinusoids from another frame than 0 on.
  case sinusoidsFrom(Int)
  /// Replaced by Whisper's sinusoids with another longest timescale than 10000.
  case sinusoidsWithBase(Double)
  /// Replaced by Whisper's sinusoids with times, rates, angles and the table in a number format.
  case sinusoidsComputed(in: NumberFormat)
  /// Rows from `count` on repeat the last one before: an index that is clamped to a short table.
  case rowsClamped(count: Int)
  /// Rows repeat from the first after every `count`.
  case rowsWrapped(count: Int)
  /// A vector `[C]` as the rows of a table `[count, C]`: the one transform that changes a shape.
  case repeatedAsRows(Int)
  /// Rows from `count` on set to zero: a table that is too short.
  case rowsTruncated(count: Int)
  /// Bytes of Float32 values taken for Float16, two for one, cut to the size needed.
  case readAsFloat16
}

/// ggml's weight quantisations, in blocks of 32 values.
package enum BlockQuantization: String, Sendable, Hashable, CaseIterable, Codable {
  case q4_0, q4_1, q5_0, q5_1, q8_0
}

/// How a port computes the sinusoidal position table `[frames, C]`.
package enum SinusoidVariant: String, Sendable, Hashable, CaseIterable, Codable {
  /// Whisper's: log-timescale ln(10000)/(C/2 − 1), sines then cosines.
  case whisper
  /// Timescale divided by C/2 instead of C/2 − 1.
  case halfWidthTimescale = "half-width-timescale"
  /// Sines and cosines swapped.
  case cosineFirst = "cosine-first"
}
