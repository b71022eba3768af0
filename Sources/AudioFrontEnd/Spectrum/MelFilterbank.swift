/// Triangular filters from spectrum bins to mel bands, computed from their definition.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A `[numMels, numBins]` matrix of which only the run of non-zero weights of each band is used.
///
/// - Note: Source librosa `filters.mel` (Float64; openai/whisper ships it rounded to Float32).
package struct MelFilterbank: Sendable {
  package let numMels: Int
  package let numBins: Int
  /// `numMels × numBins` weights, row-major.
  package let weights: [Double]
  /// For each band the bins from its first to its last non-zero weight.
  package let support: [Range<Int>]

  /// The filters for a spectrum of `numBins` bins; bins beyond the design get weight 0.
  package init(_ options: FilterbankOptions, numMels: Int, numBins: Int, fftLength: Int) {
    precondition(numMels > 0 && numBins > 0)
    self.numMels = numMels
    self.numBins = numBins
    let designLength = options.designFFTLength ?? fftLength
    let designBins = designLength / 2 + 1
    var design = Self.design(options, numMels: numMels, fftLength: designLength)
    if options.orientation == .misreadTransposed {
      let flat = design
      for mel in 0..<numMels {
        for bin in 0..<designBins {
          design[mel * designBins + bin] = flat[bin * numMels + mel]
        }
      }
    }
    var weights = [Double](repeating: 0, count: numMels * numBins)
    for mel in 0..<numMels {
      for bin in 0..<designBins {
        let target = bin + options.binShift
        guard 0..<numBins ~= target else { continue }
        weights[mel * numBins + target] = design[mel * designBins + bin]
      }
    }
    self.weights = weights
    support = (0..<numMels).map { mel in
      let row = weights[(mel * numBins)..<((mel + 1) * numBins)]
      guard let first = row.firstIndex(where: { $0 != 0 }),
        let last = row.lastIndex(where: { $0 != 0 })
      else { return 0..<0 }
      return (first - mel * numBins)..<(last - mel * numBins + 1)
    }
  }

  /// The `[numMels, fftLength/2 + 1]` matrix as designed.
  private static func design(
    _ options: FilterbankOptions, numMels: Int, fftLength: Int
  ) -> [Double] {
    let rate = Double(options.designRateHz)
    let numBins = fftLength / 2 + 1
    let corners = corners(options, numMels: numMels)
    var weights = [Double](repeating: 0, count: numMels * numBins)
    for mel in 0..<numMels {
      let band = (corners[mel], corners[mel + 1], corners[mel + 2])
      var row = (0..<numBins).map { bin in
        switch options.shape {
        case .triangles:
          triangle(Double(bin) * rate / Double(fftLength), band)
        case .melTriangles:
          triangle(
            options.scale.mels(fromHz: Double(bin) * rate / Double(fftLength)),
            mapped(band, options.scale.mels))
        case .binQuantized:
          quantizedTriangle(
            bin, mapped(band) { (Double(fftLength + 1) * $0 / rate).rounded(.down) })
        }
      }
      let factor = normFactor(options.norm, row: row, band: band)
      for bin in row.indices { row[bin] *= factor }
      weights.replaceSubrange((mel * numBins)..<((mel + 1) * numBins), with: row)
    }
    return weights
  }

  /// The numMels + 2 corner frequencies in hertz, equally spaced in mel.
  private static func corners(_ options: FilterbankOptions, numMels: Int) -> [Double] {
    let low = options.scale.mels(fromHz: options.minimumHz)
    let high = options.scale.mels(
      fromHz: options.maximumHz ?? Double(options.designRateHz) / 2)
    let step = (high - low) / Double(numMels + 1)
    return (0...(numMels + 1)).map { index in
      options.scale.hertz(fromMels: index == numMels + 1 ? high : low + Double(index) * step)
    }
  }

  private typealias Band = (low: Double, centre: Double, high: Double)

  private static func mapped(_ band: Band, _ transform: (Double) -> Double) -> Band {
    (transform(band.low), transform(band.centre), transform(band.high))
  }

  private static func triangle(_ x: Double, _ band: Band) -> Double {
    max(
      0,
      min((x - band.low) / (band.centre - band.low), (band.high - x) / (band.high - band.centre)))
  }

  /// Rises on [low, centre) and falls on [centre, high); empty ranges are never divided by.
  private static func quantizedTriangle(_ bin: Int, _ band: Band) -> Double {
    let x = Double(bin)
    if x >= band.low && x < band.centre { return (x - band.low) / (band.centre - band.low) }
    if x >= band.centre && x < band.high { return (band.high - x) / (band.high - band.centre) }
    return 0
  }

  private static func normFactor(_ norm: FilterNorm, row: [Double], band: Band) -> Double {
    switch norm {
    case .none: return 1
    case .area: return 2 / (band.high - band.low)
    case .unitSum:
      let sum = row.reduce(0, +)
      return sum == 0 ? 0 : 1 / sum
    }
  }
}

extension MelScale {
  /// Slaney: 200/3 Hz a mel to 1 kHz, then 27 mels for a factor of 6.4.
  private static let hertzPerMel = 200.0 / 3
  private static let logarithmicFromMel = 15.0
  private static let logStep = log(6.4) / 27

  func mels(fromHz hertz: Double) -> Double {
    switch self {
    case .htk: 2595 * log10(1 + hertz / 700)
    case .slaney:
      hertz >= 1000
        ? Self.logarithmicFromMel + log(hertz / 1000) / Self.logStep : hertz / Self.hertzPerMel
    }
  }

  func hertz(fromMels mels: Double) -> Double {
    switch self {
    case .htk: 700 * (pow(10, mels / 2595) - 1)
    case .slaney:
      mels >= Self.logarithmicFromMel
        ? 1000 * exp(Self.logStep * (mels - Self.logarithmicFromMel)) : mels * Self.hertzPerMel
    }
  }
}
