import AudioFrontEnd
import EncoderModel
import Parity
import TensorCore

/// Explains a foreign mel: the front-end's faults, fitted quantities and pairs, on the audio itself.
package struct MelSearch {
  let runner: FrontEndRunner
  /// The foreign mel `[frames, bands]`, of any extents.
  let own: Tensor
  let deadline: ContinuousClock.Instant
  let progress: (String, Double) -> Void
  /// How the values of the foreign mel are rounded.
  private let rounding: MelRounding

  init(
    runner: FrontEndRunner, own: Tensor, deadline: ContinuousClock.Instant,
    progress: @escaping (String, Double) -> Void
  ) {
    self.runner = runner
    self.own = own
    self.deadline = deadline
    self.progress = progress
    rounding = MelRounding(own)
  }

  /// One fault of the front-end.
  static var singles: [Hypothesis] {
    FrontEndOptions.catalogue.map { Hypothesis(frontEnd: [$0]) }
  }

  struct Trial {
    var hypothesis: Hypothesis
    var residual: Double
    var isRounding: Bool
  }

  struct Outcome {
    var best: Trial?
    var equivalents: [Trial] = []
    var runnerUp: Trial?
    /// Distance of the foreign mel from the sound one.
    var soundResidual: Double
    var isSound: Bool
    var clue: String?
  }

  /// Single faults, fitted quantities, then pairs of the best with all, until something fits.
  func run() -> Outcome {
    let sound = trial(Hypothesis())
    var outcome = Outcome(
      soundResidual: sound.residual,
      isSound: sound.isRounding && sound.hypothesis.frontEnd.isEmpty)
    if sound.isRounding {
      outcome.best = outcome.isSound ? nil : sound
      // Within f16's range tf32 rounds alike.
      outcome.equivalents = rounding.twins.map {
        Trial(hypothesis: Hypothesis(frontEnd: [$0]), residual: sound.residual, isRounding: true)
      }
      return outcome
    }
    var trials = Self.singles.enumerated().map { index, hypothesis in
      progress("front-end faults", Double(index) / Double(Self.singles.count))
      return trial(hypothesis)
    }
    trials += levelTrials()
    if !trials.contains(where: \.isRounding) { trials += [shiftTrial()].compactMap { $0 } }
    if !trials.contains(where: \.isRounding) { trials += parametricTrials() }
    if !trials.contains(where: \.isRounding) { trials += pairTrials(trials, sound: sound.residual) }
    let proved = trials.filter(\.isRounding).sorted(by: isBetter)
    if let best = proved.first {
      // What fits ten times worse is not the same, though rounding would allow it.
      let level = max(4 * (proved.map(\.residual).min() ?? 0), 1e-6)
      let near = proved.filter { $0.residual <= level }
      let chosen = near.first ?? best
      let known = Set(near.map(\.hypothesis.key))
      outcome.best = chosen
      outcome.equivalents = near.filter {
        $0.hypothesis.frontEndOptions != chosen.hypothesis.frontEndOptions
          && $0.hypothesis.numCauses <= chosen.hypothesis.numCauses
          && $0.hypothesis.numDigits <= max(chosen.hypothesis.numDigits, Self.usualDigits)
      }
      outcome.runnerUp = trials.filter { !known.contains($0.hypothesis.key) }
        .min { $0.residual < $1.residual }
    } else {
      let ranked = trials.sorted { $0.residual < $1.residual }
      outcome.runnerUp = ranked.first
      if let first = ranked.first, let second = ranked.dropFirst().first,
        first.residual.isFinite, first.residual <= sound.residual / 10,
        second.residual >= 5 * first.residual
      {
        outcome.best = first
        outcome.runnerUp = second
      }
      outcome.clue = affineClue()
    }
    return outcome
  }

  /// Among causes that fit, the fewest; then the roundest numbers, for ports have a floor of 1e-5, not
  /// the range of 7.7053 that it comes to on one sound.
  private func isBetter(_ a: Trial, _ b: Trial) -> Bool {
    (a.hypothesis.prior, a.hypothesis.numDigits, a.residual, a.hypothesis.key)
      < (b.hypothesis.prior, b.hypothesis.numDigits, b.residual, b.hypothesis.key)
  }

  /// Significant digits that values in ports commonly have: 0.97, 320, 6550.
  private static let usualDigits = 3

  func trial(_ hypothesis: Hypothesis) -> Trial {
    guard let prediction = mel(hypothesis.frontEndOptions) else {
      return Trial(hypothesis: hypothesis, residual: .infinity, isRounding: false)
    }
    let residual = relativeDistance(own, prediction)
    if MelBound.isRounding(own, prediction, relative: residual) {
      return Trial(hypothesis: hypothesis, residual: residual, isRounding: true)
    }
    if hypothesis.frontEndOptions.layout.rounding == .none,
      let left = rounding.residual(own, prediction)
    {
      return Trial(
        hypothesis: hypothesis.with(Hypothesis(frontEnd: rounding.faults)), residual: left,
        isRounding: true)
    }
    return Trial(hypothesis: hypothesis, residual: residual, isRounding: false)
  }

  /// The mel of these options in the extents of the foreign one; `nil` where they do not fit.
  private func mel(_ options: FrontEndOptions) -> Tensor? {
    guard let fitted = try? runner.mel(options) else { return nil }
    if fitted.shape == own.shape { return fitted }
    var loose = options
    loose.layout.fitsContext = false
    guard let mel = try? runner.mel(loose), mel.shape == own.shape else { return nil }
    return mel
  }

  /// The best singles with every other fault, in both orders where that matters.
  private func pairTrials(_ singles: [Trial], sound: Double) -> [Trial] {
    let ranked = singles.filter { $0.hypothesis.frontEnd.count == 1 }
      .sorted { $0.residual < $1.residual }
    var result: [Trial] = []
    var seen: Set<FrontEndOptions> = Set(singles.map(\.hypothesis.frontEndOptions))
    for (index, first) in ranked.enumerated() {
      for second in ranked where second.hypothesis.key != first.hypothesis.key {
        if .now > deadline { return result }
        let pair = Hypothesis(frontEnd: first.hypothesis.frontEnd + second.hypothesis.frontEnd)
        guard seen.insert(pair.frontEndOptions).inserted else { continue }
        progress("pairs of front-end faults", Double(index) / Double(ranked.count))
        result.append(trial(pair))
      }
      if result.contains(where: \.isRounding) { return result }
    }
    return result
  }
}
