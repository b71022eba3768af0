import AudioFrontEnd
import TensorCore

/// Fits frames, spectrum and filterbank to a foreign mel, whatever logarithm follows: descends along
/// one option after the other, from the likeliest starts.
struct FrontEndFit {
  let runner: FrontEndRunner
  let regression: BandRegression
  let deadline: ContinuousClock.Instant
  /// The best so far, and what it leaves unexplained.
  private(set) var best: FrontEndOptions
  private(set) var residual = Double.infinity
  /// Whether each band may have an offset of its own: at first, so that norms do not matter.
  private var isPerBand = true

  /// Below this nothing but Float32 is left.
  static let enough = 3e-6
  /// Below this lengths are right, and what is left is in other options.
  private static let small = 1e-4

  init(
    _ runner: FrontEndRunner, _ regression: BandRegression, start: FrontEndOptions,
    deadline: ContinuousClock.Instant
  ) {
    self.runner = runner
    self.regression = regression
    self.deadline = deadline
    best = start
    residual = measure(start)
  }

  private func measure(_ options: FrontEndOptions) -> Double {
    guard let bands = try? runner.bands(options, frames: regression.rows) else { return .infinity }
    return regression.residual(
      bands, floor: options.log.floorKind == .add ? options.log.floor : 0, perBand: isPerBand)
  }

  /// Takes a change that leaves less.
  @discardableResult
  mutating func take(_ change: (inout FrontEndOptions) -> Void) -> Bool {
    guard .now < deadline else { return false }
    var options = best
    change(&options)
    guard options != best else { return false }
    let left = measure(options)
    guard left < residual * (1 - 1e-9) else { return false }
    (best, residual) = (options, left)
    return true
  }

  /// One option after the other until nothing improves.
  mutating func run() {
    for round in 0..<6 {
      let before = residual
      if round >= 2 { setPerBand(false) }
      pass(isFine: round > 0)
      if residual < Self.enough && !isPerBand { return }
      if residual < Self.enough { continue }
      if residual > before * 0.98 && !isPerBand { return }
    }
  }

  private mutating func setPerBand(_ isPerBand: Bool) {
    guard self.isPerBand != isPerBand else { return }
    self.isPerBand = isPerBand
    residual = measure(best)
  }

  /// Common lengths with both mel scales, then common ends of the bands.
  mutating func coarse() {
    let start = best
    for (window, length) in Self.lengths {
      for scale in MelScale.allCases {
        take {
          $0 = start
          $0.spectrum.windowLength = window
          $0.spectrum.fftLength = length
          $0.filterbank.scale = scale
        }
      }
    }
    let spectrum = best.spectrum
    for scale in MelScale.allCases {
      for top in [7600.0, 6000, 4000] {
        take {
          $0 = start
          $0.spectrum = spectrum
          $0.filterbank.scale = scale
          $0.filterbank.maximumHz = top
        }
      }
    }
  }

  private static let lengths: [(Int, Int)] = [
    (400, 400), (400, 512), (200, 200), (256, 256), (320, 320), (320, 512), (480, 480), (480, 512),
    (512, 512), (551, 1024), (640, 640), (640, 1024), (720, 720), (800, 800), (800, 1024),
    (900, 900), (1024, 1024), (1102, 2048), (1200, 1200), (1400, 1400), (1600, 1600), (1800, 1800),
    (2048, 2048), (400, 1024), (400, 2048),
  ]

  /// Lengths come before what could stand in for them: a shorter window of another shape, or another
  /// filterbank.
  private mutating func pass(isFine: Bool) {
    lengths()
    frames()
    filterbank(isFine)
    windows()
    lengths()
    if isFine { colours() }
  }

  /// Every shape of the window with the lengths that suit it.
  private mutating func windows() {
    for quantity in [SpectrumQuantity.power, .magnitude] {
      take { $0.spectrum.quantity = quantity }
    }
    let start = (options: best, residual: residual)
    var winner = start
    for shape in WindowShape.allCases where shape != start.options.spectrum.window {
      var lengths = [start.options.spectrum.windowLength, 400, start.options.spectrum.fftLength]
      lengths.removeAll { $0 > start.options.spectrum.fftLength }
      (best, residual) = (start.options, .infinity)
      for length in lengths {
        take {
          $0.spectrum.window = shape
          $0.spectrum.windowLength = length
        }
      }
      if residual < 3 * start.residual { descend([16, 4, 2, 1], Self.lengthen) }
      if residual < winner.residual { winner = (best, residual) }
    }
    (best, residual) = winner
  }

  /// Another length of the window alone.
  private static func lengthen(_ options: inout FrontEndOptions, _ step: Int) {
    let length = options.spectrum.windowLength + step
    if (32...options.spectrum.fftLength).contains(length) { options.spectrum.windowLength = length }
  }

  private mutating func frames() {
    for alignment in FrameAlignment.allCases { take { $0.spectrum.alignment = alignment } }
    for placement in [WindowPlacement.centre, .start] {
      take { $0.spectrum.windowPlacement = placement }
    }
    descend([80, 40, 20, 10, 5, 2, 1]) { $0.spectrum.frameShiftSamples += $1 }
    descend([4, 2, 1]) {
      guard $0.spectrum.hopLength + $1 > 8 else { return }
      $0.spectrum.hopLength += $1
    }
  }

  private mutating func lengths() {
    // A window that fills its transform stays so; then each by itself.
    take { $0.spectrum.fftLength = $0.spectrum.windowLength }
    descend([64, 32, 16, 8, 4, 2, 1]) {
      guard $0.spectrum.windowLength == $0.spectrum.fftLength,
        $0.spectrum.fftLength + $1 >= 32
      else { return }
      $0.spectrum.windowLength += $1
      $0.spectrum.fftLength += $1
    }
    if residual > Self.small { descend([64, 32, 16, 8, 4, 2, 1], Self.lengthen) }
    for length in [256, 320, 400, 480, 512, 600, 640, 800, 960, 1000, 1024, 1200, 1600, 2048, 4096]
    {
      take {
        if length >= $0.spectrum.windowLength { $0.spectrum.fftLength = length }
      }
    }
    guard residual > Self.small else { return }
    descend([64, 32, 16, 8, 4, 2, 1]) {
      let length = $0.spectrum.fftLength + $1
      if length >= $0.spectrum.windowLength { $0.spectrum.fftLength = length }
    }
  }

  private mutating func filterbank(_ isFine: Bool) {
    for scale in MelScale.allCases { take { $0.filterbank.scale = scale } }
    if !isPerBand { for norm in FilterNorm.allCases { take { $0.filterbank.norm = norm } } }
    for scale in MelScale.allCases {
      let start = best
      for low in [0.0, 20, 50, 80, 125, 200, 300] {
        for high in [nil, 7600, 7000, 6000, 5000, 4000] as [Double?] {
          take {
            $0 = start
            $0.filterbank.scale = scale
            $0.filterbank.minimumHz = low
            $0.filterbank.maximumHz = high
          }
        }
      }
    }
    edges()
    if isFine { shapes() }
  }

  /// Every other shape of the bands with the edges that suit it.
  private mutating func shapes() {
    let start = (options: best, residual: residual)
    var winner = start
    for shape in FilterShape.allCases where shape != start.options.filterbank.shape {
      (best, residual) = (start.options, .infinity)
      take { $0.filterbank.shape = shape }
      guard residual < 30 * start.residual else { continue }
      edges()
      if residual < winner.residual { winner = (best, residual) }
    }
    (best, residual) = winner
  }

  /// Where the bands begin and end.
  private mutating func edges() {
    let steps = [200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05]
    for _ in 0..<3 {
      let before = residual
      descend(steps.filter { $0 <= 50 }) {
        $0.filterbank.minimumHz = max(0, $0.filterbank.minimumHz + $1)
      }
      descend(steps) {
        let top = Double($0.filterbank.designRateHz) / 2
        let high = ($0.filterbank.maximumHz ?? top) + $1
        guard high > $0.filterbank.minimumHz + 500 else { return }
        $0.filterbank.maximumHz = high >= top ? nil : high
      }
      if residual > before * 0.9 { break }
    }
  }

  /// What colours the spectrum smoothly, and what is added before the logarithm.
  private mutating func colours() {
    for factor in [0, 0.97, 0.95, 0.9] { take { $0.pcm.preEmphasis = factor } }
    if best.pcm.preEmphasis != 0 {
      descend([0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001]) {
        $0.pcm.preEmphasis = min(max($0.pcm.preEmphasis + $1, 0), 1)
      }
    }
    take { $0.pcm.removesMean = true }
    guard regression.link == .logarithm, !isPerBand, residual > Self.small else { return }
    for exponent in 1...9 {
      var floor = 1.0
      for _ in 0..<exponent { floor /= 10 }
      take {
        $0.log.floorKind = .add
        $0.log.floor = floor
      }
    }
    if best.log.floorKind == .add {
      descend([2, 1.5, 1.2, 1.1, 1.05, 1.02, 1.01, 1.005, 1.002, 1.001]) {
        $0.log.floor *= $1 > 0 ? $1 : -1 / $1
      }
    }
  }

  /// Steps both ways, each as long as it helps.
  private mutating func descend<Step: SignedNumeric>(
    _ steps: [Step], _ change: (inout FrontEndOptions, Step) -> Void
  ) {
    for step in steps {
      for direction in [step, -step] {
        while take({ change(&$0, direction) }) {}
      }
    }
  }
}
