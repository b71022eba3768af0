import AudioFrontEnd
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Quantities of the front-end that no list holds, fitted to the foreign mel.
extension MelSearch {
  /// A gain of the samples, the logarithm's floor, the range below the maximum: read off the least
  /// and largest features, and what a listed fault may be taken for.
  func levelTrials() -> [Trial] {
    [gainTrial(), floorTrial(), rangeTrial(), fillTrial()].compactMap { $0 }
  }

  private var sound: [Double]? {
    guard let mel = try? runner.mel(.whisper), mel.shape == own.shape else { return nil }
    return mel.float64Array
  }

  /// A gain g adds 2·log₁₀(g)/4 to every feature above the floor: the maximum tells it.
  private func gainTrial() -> Trial? {
    guard let y = sound, let top = y.max(), let own = own.float64Array.max() else { return nil }
    let gain = pow(10, (own - top) * 2)
    guard gain.isFinite, gain > 0, abs(gain - 1) > 1e-5 else { return nil }
    return trial(Hypothesis(frontEnd: [.gain(gain)]))
  }

  /// Whole frames by comparison of rows, then samples around the best.
  func shiftTrial() -> Trial? {
    guard let y = sound else { return nil }
    let whole = rowShift(own, Tensor(y, shape: own.shape)) ?? 0
    func shifted(_ samples: Int) -> Trial { trial(Hypothesis(frontEnd: [.frameShift(samples)])) }
    // A frame that lies later shows what came later: rows move to the front.
    var best = (samples: -whole * 160, trial: shifted(-whole * 160))
    for step in [80, 40, 20, 10, 5, 2, 1] {
      var isMoving = true
      while isMoving {
        isMoving = false
        for direction in [-step, step] where abs(best.samples + direction) < 48_000 {
          let next = shifted(best.samples + direction)
          if next.residual < best.trial.residual {
            best = (best.samples + direction, next)
            isMoving = true
            break
          }
        }
      }
    }
    return best.samples == 0 ? nil : best.trial
  }

  /// Another floor shows as the least feature where nothing else raises it.
  private func floorTrial() -> Trial? {
    guard let low = own.float64Array.min() else { return nil }
    let floor = pow(10, low * 4 - 4)
    // Features of another scale than Whisper's give powers that nobody writes.
    guard (1e-40...1e6).contains(floor) else { return nil }
    return roundest(floor) { .floor($0) }
  }

  /// The one value of all last frames, where they have one.
  private func fillTrial() -> Trial? {
    guard own.shape.count == 2, own.shape[0] > 2 else { return nil }
    let tail = own.float64Array.suffix(2 * own.shape[1])
    guard let value = tail.last, value.isFinite, tail.allSatisfy({ $0 == value }) else {
      return nil
    }
    return trial(Hypothesis(frontEnd: [.fill(value)]))
  }

  private func rangeTrial() -> Trial? {
    let values = own.float64Array
    guard let low = values.min(), let high = values.max(), high > low else { return nil }
    return roundest((high - low) * 4) { .range($0) }
  }

  /// The trial of a value read off the features, or of a rounder one that does as well.
  private func roundest(_ value: Double, _ fault: (Double) -> FrontEndFault) -> Trial {
    let rounder = trial(Hypothesis(frontEnd: [fault(LogarithmFit.rounded(value))]))
    let exact = trial(Hypothesis(frontEnd: [fault(value)]))
    return rounder.isRounding || rounder.residual <= exact.residual ? rounder : exact
  }

  /// own ≈ a·sound + b by least squares, in words.
  func affineClue() -> String? {
    guard let y = sound else {
      return "shape \(own.shape), where the model takes \(runner.context.numFrames) frames of "
        + "\(runner.context.numMels) bands"
    }
    let x = own.float64Array
    let fit = AffineFit(x: x, y: y)
    return "affine fit to the sound mel: scale \(Figure.short(fit.scale)), offset "
      + "\(Figure.short(fit.offset)), leaving \(Figure.short(fit.residual))"
  }
}

/// x ≈ scale·y + offset by least squares.
struct AffineFit {
  let scale: Double
  let offset: Double
  /// ‖x − scale·y − offset‖/‖x‖.
  let residual: Double

  init(x: [Double], y: [Double]) {
    var (n, sx, sy, sxy, syy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for i in 0..<min(x.count, y.count) where x[i].isFinite && y[i].isFinite {
      n += 1
      sx += x[i]
      sy += y[i]
      sxy += x[i] * y[i]
      syy += y[i] * y[i]
    }
    let spread = syy - sy * sy / max(n, 1)
    let a = spread > 0 ? (sxy - sx * sy / max(n, 1)) / spread : 0
    let b = (sx - a * sy) / max(n, 1)
    var (left, size) = (0.0, 0.0)
    for i in 0..<min(x.count, y.count) where x[i].isFinite && y[i].isFinite {
      let d = x[i] - a * y[i] - b
      left += d * d
      size += x[i] * x[i]
    }
    scale = a
    offset = b
    residual = size > 0 ? (left / size).squareRoot() : 0
  }
}
