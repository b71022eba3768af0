/// The decisions from the spectrum to the features.

/// How spectrum bins become bands.
package struct FilterbankOptions: Sendable, Hashable, Codable {
  /// `nil` is what the model takes; another number is cut or filled up to it.
  package var numMels: Int?
  package var scale = MelScale.slaney
  package var shape = FilterShape.triangles
  package var norm = FilterNorm.area
  package var minimumHz = 0.0
  /// `nil` is half of `designRateHz`.
  package var maximumHz: Double?
  /// The rate that the filterbank was designed for.
  package var designRateHz = AudioLimits.modelRateHz
  /// The FFT length that the filterbank was designed for; `nil` is the spectrum's own.
  package var designFFTLength: Int?
  package var orientation = FilterOrientation.bandsByBins
  /// Reads bin k + shift where bin k is meant.
  package var binShift = 0

  package init() {}
}

package enum MelScale: String, Sendable, Hashable, Codable, CaseIterable {
  /// Linear to 1 kHz, logarithmic above (Slaney's Auditory Toolbox; librosa's default).
  case slaney
  /// 2595·log10(1 + f/700).
  case htk
}

package enum FilterShape: String, Sendable, Hashable, Codable, CaseIterable {
  /// Triangles whose sides are straight in hertz.
  case triangles
  /// Triangles whose sides are straight in mel (Kaldi).
  case melTriangles
  /// Corners rounded down to bins: ⌊(N+1)·f/rate⌋; low bands may be empty.
  case binQuantized
}

package enum FilterNorm: String, Sendable, Hashable, Codable, CaseIterable {
  /// Divided by half the band's width in hertz (Slaney).
  case area
  case none
  /// Weights of a band sum to 1.
  case unitSum
}

package enum FilterOrientation: String, Sendable, Hashable, Codable, CaseIterable {
  case bandsByBins
  /// The `[bands, bins]` buffer read as `[bins, bands]`.
  case misreadTransposed
}

/// How bands become features: floor, logarithm, maximum, range, scale.
package struct LogOptions: Sendable, Hashable, Codable {
  package var base = LogBase.ten
  package var floor = 1e-10
  package var floorKind = FloorKind.clamp
  /// Subtracts the maximum, as `power_to_db(ref=np.max)` does.
  package var subtractsMaximum = false
  /// Values further below the maximum are raised; in units of the logarithm; `nil` leaves it out.
  package var dynamicRange: Double? = 8
  package var maximumScope = MaximumScope.window
  /// y = (x + offset)/divisor; 0 and 1 leave the scaling out.
  package var offset = 4.0
  package var divisor = 4.0
  package var normalization = FeatureNormalization.none

  package init() {}
}

package enum LogBase: String, Sendable, Hashable, Codable, CaseIterable {
  case ten
  case natural
  case two
  /// 10·log10.
  case decibel
  /// No logarithm.
  case none
}

package enum FloorKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// max(x, floor).
  case clamp
  /// x + floor.
  case add
  /// Nothing: silence becomes −∞.
  case none
}

/// Over what the maximum is taken.
package enum MaximumScope: Sendable, Hashable, Codable {
  /// The window's features.
  case window
  /// All windows of the file.
  case file
  /// Each frame by itself.
  case frame
  /// Each band by itself.
  case band
  /// So many frames at a time.
  case frames(Int)
  /// A constant, in units of the logarithm: streaming ports.
  case fixed(Double)
}

package enum FeatureNormalization: String, Sendable, Hashable, Codable, CaseIterable {
  case none
  /// Mean 0 and deviation 1 over the window.
  case window
  /// Mean 0 and deviation 1 for each band (NeMo, cepstral mean and variance normalisation).
  case band
  /// Minimum 0 and maximum 1 over the window.
  case minMax
}

/// How features become the tensor that the encoder gets.
package struct LayoutOptions: Sendable, Hashable, Codable {
  /// Cuts or fills up to the model's frames and bands. Off, the features stay as they were made.
  package var fitsContext = true
  /// What missing frames are filled up with, and missing bands too.
  package var fill = 0.0
  /// Where the filling happens.
  package var fillStage = FillStage.mel
  package var arrangement = FeatureArrangement.framesByMels
  package var rounding = FeatureRounding.none

  package init() {}
}

package enum FillStage: String, Sendable, Hashable, Codable, CaseIterable {
  /// The finished features.
  case mel
  /// The logarithm, before maximum and scale.
  case logMel
}

package enum FeatureArrangement: String, Sendable, Hashable, Codable, CaseIterable {
  case framesByMels
  /// The `[mels, frames]` buffer read as `[frames, mels]`.
  case misreadTransposed
  /// The `[frames, mels]` buffer read as `[mels, frames]`.
  case misreadBandsFirst
  /// The batch axis (1) read as frames: one frame, then filling.
  case batchAsFrames
  /// The same misreading in an engine that broadcasts: the first frame everywhere.
  case firstFrameRepeated
  case bandsReversed
  case timeReversed
}

package enum FeatureRounding: String, Sendable, Hashable, Codable, CaseIterable {
  case none
  case float16
  case bfloat16
  /// 10 stored bits of fraction in Float32's range.
  case tf32
}
