import AudioFrontEnd
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// From a straight line between bands and features to the logarithm, reference, scale, floor and range
/// that a port may have used: every reading that gives this line.
struct LogarithmFit {
  let runner: FrontEndRunner
  let own: Tensor
  let regression: BandRegression
  /// Spectrum and filterbank as fitted.
  let fitted: FrontEndOptions

  /// How far a number read off the features may be from a round one: Float32 through a logarithm.
  private static let tolerance = 2e-4

  /// Options to be tried, with everything after the bands.
  func readings() -> [FrontEndOptions] {
    guard let bands = try? runner.bands(fitted, frames: regression.rows) else { return [] }
    let added = fitted.log.floorKind == .add ? fitted.log.floor : 0
    let line = regression.line(bands, floor: added)
    guard line.slope.isFinite, line.slope > 0 else { return [] }
    switch regression.link {
    case .logarithm:
      return scales(line.slope).flatMap { offsets($0, line) }.flatMap(floorsAndRanges)
    case .power: return gains(plain(.none), line, unit: line.slope)
    case .logarithmOfOneMore:
      var options = plain(.natural)
      options.log.floorKind = .add
      options.log.floor = 1
      return gains(options, line, unit: line.slope)
    }
  }

  private func plain(_ base: LogBase) -> FrontEndOptions {
    var options = fitted
    options.log.base = base
    options.log.offset = 0
    options.log.divisor = 1
    options.log.dynamicRange = nil
    return options
  }

  /// Units of the logarithm by decades of power.
  private static let units: [(LogBase, Double)] = [
    (.ten, 1), (.natural, 2.302585092994046), (.decibel, 10), (.two, 3.321928094887362),
  ]

  /// Bases and divisors that give this slope; a divisor that nobody uses where none does.
  private func scales(_ slope: Double) -> [FrontEndOptions] {
    var found: [FrontEndOptions] = []
    for (base, unit) in Self.units {
      for divisor in [4.0, 1, 0.5, 80, 100, 20, 8, 2] {
        guard abs(unit / divisor / slope - 1) < Self.tolerance else { continue }
        var options = fitted
        options.log.base = base
        options.log.divisor = divisor
        found.append(options)
      }
    }
    guard found.isEmpty else { return found }
    var options = fitted
    options.log.divisor = Self.rounded(1 / slope)
    return [options]
  }

  private func unit(_ base: LogBase) -> Double {
    Self.units.first { $0.0 == base }?.1 ?? 1
  }

  /// What the features' level comes from: an offset, the maximum, a gain or the spectrum's norm.
  private func offsets(
    _ options: FrontEndOptions, _ line: (slope: Double, intercept: Double)
  ) -> [FrontEndOptions] {
    let offset = line.intercept * options.log.divisor
    let unit = unit(options.log.base)
    var found: [FrontEndOptions] = []
    // Relative to the maximum the largest feature is the offset itself.
    if let top = own.float64Array.filter(\.isFinite).max() {
      let relative = top * options.log.divisor
      for usual in Self.usualOffsets where abs(relative - usual) < Self.tolerance * max(unit, usual)
      {
        var copy = options
        copy.log.subtractsMaximum = true
        copy.log.offset = usual
        found.append(copy)
      }
    }
    for usual in Self.usualOffsets {
      var copy = options
      copy.log.offset = usual
      let factor = pow(10, (offset - usual) / unit)
      found += gains(copy, factor: factor)
    }
    var other = options
    other.log.offset = Self.rounded(offset)
    return found + [other]
  }

  private static let usualOffsets = [4.0, 0, 1, 16, 40, 80, 100]

  private func gains(
    _ options: FrontEndOptions, _ line: (slope: Double, intercept: Double), unit: Double
  ) -> [FrontEndOptions] {
    var scaled = options
    scaled.log.divisor = Self.rounded(pow(10, -line.intercept / line.slope))
    return gains(options, factor: pow(10, line.intercept / line.slope)) + [scaled]
  }

  /// Ways in which the bands may be larger by `factor`: none, a norm of the transform, a gain.
  private func gains(_ options: FrontEndOptions, factor: Double) -> [FrontEndOptions] {
    if abs(factor - 1) < Self.tolerance { return [options] }
    var found: [FrontEndOptions] = []
    let exponent =
      switch options.spectrum.quantity {
      case .power, .realPartSquared: 2.0
      case .magnitude: 1.0
      case .powerSquared: 4.0
      }
    let gain = pow(factor, 1 / exponent)
    let window = FrontEndRunner.window(options)
    let length = Double(options.spectrum.fftLength)
    let norms: [(SpectrumNormalization, Double)] = [
      (.rootLength, 1 / length.squareRoot()), (.length, 1 / length),
      (.windowSum, 1 / window.reduce(0, +)),
      (.windowEnergy, 1 / window.reduce(0) { $0 + $1 * $1 }.squareRoot()),
    ]
    for (norm, expected) in norms where abs(gain / expected - 1) < Self.tolerance {
      var copy = options
      copy.spectrum.normalization = norm
      found.append(copy)
    }
    if abs(factor / 2 - 1) < Self.tolerance {
      var copy = options
      copy.spectrum.sumsMirroredBins = true
      found.append(copy)
    }
    var copy = options
    copy.pcm.gain *= Self.rounded(gain)
    return found + [copy]
  }

  /// What the least feature comes from: a range below the maximum, a floor, or neither.
  private func floorsAndRanges(_ options: FrontEndOptions) -> [FrontEndOptions] {
    let finite = own.float64Array.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return [options] }
    var found: [FrontEndOptions] = []
    func add(range: Double?, floor: Double? = nil) {
      var copy = options
      copy.log.dynamicRange = range
      if let floor { copy.log.floor = floor }
      if !found.contains(copy) { found.append(copy) }
    }
    let range = (high - low) * options.log.divisor
    add(range: options.log.dynamicRange)
    add(range: Self.rounded(range))
    add(range: range)
    add(range: 80)
    add(range: nil)
    guard options.log.floorKind == .clamp, !options.log.subtractsMaximum else { return found }
    let floor = pow(10, (low * options.log.divisor - options.log.offset) / unit(options.log.base))
    for floor in [Self.rounded(floor), floor] where floor.isFinite && floor > 0 {
      add(range: nil, floor: floor)
      add(range: options.log.dynamicRange, floor: floor)
    }
    return found
  }

  /// The roundest number nearby.
  static func rounded(_ value: Double, tolerance: Double = LogarithmFit.tolerance) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let exponent = log10(abs(value)).rounded(.down)
    for digits in 0..<6 {
      let power = exponent - Double(digits)
      let rounded =
        power >= 0
        ? (value / pow(10, power)).rounded() * pow(10, power)
        : (value * pow(10, -power)).rounded() / pow(10, -power)
      if abs(rounded / value - 1) < tolerance { return rounded }
    }
    return value
  }
}
