import EncoderModel
import Faults

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whole encoders: every hypothesis on a thinned one first, then the likeliest in full.
extension SpanSearch {
  /// `trials(of:at:)` over whole encoders: every hypothesis on a thinned one, then the whole ones in
  /// the order in which they resemble the error, until one fits or time is up. Where listed values
  /// do not fit, parameters of the likeliest are fitted.
  func wholeTrials(
    of hypotheses: [Hypothesis], at taps: Set<String>, _ coarse: CoarseTrials,
    where isWanted: (Trial) -> Bool
  ) -> [Trial] {
    let isFinite = whole?.own.allSatisfy(\.isFinite) ?? true
    let trials = hypotheses.filter { hypothesis in
      // What overflows leaves traces.
      !isFinite || !hypothesis.faults.contains { $0.fault.slug == "frame-overflowed" }
    }.compactMap(trial).filter {
      $0.predicted.keys.contains(where: taps.contains) && isWanted($0)
    }
    deadline = end(of: Self.screeningShare)
    screenInParts(trials, at: taps, coarse)
    deadline = end(of: Self.singlesShare)
    let ranked = ranked(trials)
    let first = Array(ranked.prefix(Self.wholeBeforeFits))
    var result = inFull(first, at: taps)
    if result.contains(where: { isWithinFloat32($0, at: taps) }) { return result }
    result += wholeFits(ranked, at: taps, coarse)
    if result.contains(where: { isWithinFloat32($0, at: taps) }) { return result }
    // Thinning makes roundings fall elsewhere: they may resemble the error and not show it, so that
    // they take turns with the others.
    let rest = ranked.dropFirst(first.count)
    let roundings = roundings(Array(rest))
    let known = Set(roundings.map(\.hypothesis.key))
    let others = likeliest(rest.filter { !known.contains($0.hypothesis.key) })
    let turns = (0..<max(roundings.count, others.count)).flatMap { index in
      [others, roundings].compactMap { $0.dropFirst(index).first }
    }
    return result + inFull(turns, at: taps)
  }

  /// Those that round values, and whose effect on the thinned encoder has about the error's size but
  /// not its direction: behind a thinned attention other values are rounded. The likest size first.
  private func roundings(_ trials: [Trial]) -> [Trial] {
    func disparity(_ trial: Trial) -> Double {
      let size = effects[trial.predicted]?.size ?? 0
      return size > 0 ? abs(log2(size)) : .infinity
    }
    return trials.filter {
      $0.hypothesis.faults.count == 1 && $0.hypothesis.isOfPrecision
        && disparity($0) < Self.unlikeSize
    }.sorted { (disparity($0), $0.hypothesis.prior) < (disparity($1), $1.hypothesis.prior) }
  }

  /// Tries hypotheses on the thinned encoder a part at a time, and those of each part that resemble
  /// the error most in full. Once one of them fits, only those near it are still tried: what the
  /// values cannot tell from it, and the next best.
  private func screenInParts(_ trials: [Trial], at taps: Set<String>, _ coarse: CoarseTrials) {
    var rest = trials
    var looked: Set<[String: Int]> = []
    while !rest.isEmpty, .now < deadline {
      screen(Array(rest.prefix(Self.part)), coarse)
      rest.removeFirst(min(Self.part, rest.count))
      guard !rest.isEmpty else { return }
      let near = ranked(trials).filter {
        (effects[$0.predicted]?.distance ?? 1) < Self.near && !looked.contains($0.predicted)
      }.prefix(Self.wholeAfterPart)
      looked.formUnion(near.map(\.predicted))
      var proof: Trial?
      for trial in near where proof == nil && .now < deadline {
        var trial = trial
        measure(&trial, at: taps)
        if isWithinFloat32(trial, at: taps) { proof = trial }
      }
      if let proof {
        let depth = depth(of: proof.hypothesis)
        screen(rest.filter { abs(self.depth(of: $0.hypothesis) - depth) <= 1 }, coarse)
        return
      }
    }
  }

  /// Tries hypotheses on the thinned encoder, side by side; those that time does not suffice for
  /// have no effect that is known.
  func screen(
    _ trials: [Trial], _ coarse: CoarseTrials, activity: String = "every single fault"
  ) {
    var seen = Set(effects.keys)
    let new = trials.filter { seen.insert($0.predicted).inserted }
    let mels = new.map(mel)
    let found = context.sideBySide(
      new.count, until: deadline, activity: activity
    ) {
      try coarse.effect(new[$0], mel: mels[$0], lane: $1)
    }
    for (trial, effect) in zip(new, found) { effects[trial.predicted] = effect }
    screened += trials.filter { effects[$0.predicted] != nil }
  }

  /// Those whose effects are known, the most alike to the error first.
  func ranked(_ trials: [Trial]) -> [Trial] {
    trials.compactMap { trial in effects[trial.predicted].map { (trial, $0.distance) } }
      .sorted { ($0.1, $0.0.hypothesis.prior) < ($1.1, $1.0.hypothesis.prior) }.map(\.0)
  }

  /// The first of those that are ranked, down to where nothing has anything of the error's direction.
  func likeliest(_ ranked: [Trial]) -> [Trial] {
    let count = ranked.count { (effects[$0.predicted]?.distance ?? 1) <= Self.farthest }
    return Array(ranked.prefix(max(count, Self.fewestWhole)))
  }

  /// Runs whole encoders in the given order until one fits.
  func inFull(_ ranked: [Trial], at taps: Set<String>) -> [Trial] {
    var result: [Trial] = []
    var left: Int?
    for (index, entry) in ranked.enumerated() {
      if (.now > deadline && index >= Self.fewestLate) || left == 0 { break }
      left = left.map { $0 - 1 }
      var trial = entry
      context.progress("the likeliest in full", Double(index) / Double(ranked.count))
      measure(&trial, at: taps)
      result.append(trial)
      if left == nil, isWithinFloat32(trial, at: taps) { left = Self.wholeAfterProof }
    }
    return result
  }

  /// Parameters fitted: of the likeliest places on the thinned encoder, then of the best of these in
  /// full.
  private func wholeFits(_ ranked: [Trial], at taps: Set<String>, _ coarse: CoarseTrials) -> [Trial]
  {
    var places: Set<String> = []
    let fittable = ranked.filter { trial in
      (trial.hypothesis.faults.count == 1 || trial.hypothesis.isSystematic)
        && trial.hypothesis.frontEnd.isEmpty
        && trial.hypothesis.faults[0].fault.parameter.map { $0.fit != .none } ?? false
        && (effects[trial.predicted]?.distance ?? 1) < Self.farthest
        && places.insert(trial.hypothesis.place).inserted
    }.prefix(Self.coarseFits)
    guard let tap = span.divergent.first(where: taps.contains) else { return [] }
    fitsCoarsely = true
    var fits: [Trial] = []
    for (index, trial) in fittable.enumerated() where .now < deadline {
      context.progress(
        "fitting \(trial.hypothesis.faults[0].fault.slug)", Double(index) / Double(fittable.count))
      var trial = trial
      measure(&trial, at: taps)
      // Where no value does better than the listed one, frames that were left out may tell.
      fits.append(fitted(trial, varying: 0, at: tap, to: taps) ?? trial)
    }
    fitsCoarsely = false
    screen(fits, coarse)
    var result: [Trial] = []
    // Once one is proved, only those that do the same to the thinned encoder are still fitted.
    var farthest = Double.infinity
    for fit in self.ranked(fits).prefix(Self.wholeFits) where .now < deadline {
      let distance = effects[fit.predicted]?.distance ?? 1
      if distance > farthest { break }
      var trial = fit
      trial.residuals = [:]
      measure(&trial, at: taps)
      let better = fitted(trial, varying: 0, at: tap, to: taps)
      result += [trial] + (better.map { [$0] } ?? [])
      if isWithinFloat32(better ?? trial, at: taps) {
        farthest = min(farthest, 2 * distance + Self.alike)
      }
    }
    return result
  }

  /// Whether some hypothesis other than roundings has something of the error's direction: roundings
  /// everywhere, which resemble none, would not.
  var isStructural: Bool {
    screened.contains {
      !$0.hypothesis.isOfPrecision && (effects[$0.predicted]?.distance ?? 1) < Self.farthest
    }
  }

  /// What a hypothesis does to the thinned encoder.
  func effect(of trial: Trial) -> CoarseTrials.Effect? {
    if let known = effects[trial.predicted] { return known }
    let effect = try? whole?.coarse?.effect(trial, mel: mel(of: trial), lane: 0)
    effects[trial.predicted] = effect
    return effect
  }

  /// The change of the thinned output, nothing where there is no hypothesis.
  func coarseChange(_ trial: Trial?) -> [Double]? {
    guard let coarse = whole?.coarse else { return nil }
    guard let trial else { return [Double](repeating: 0, count: coarse.error.count) }
    return (try? coarse.change(trial, mel: mel(of: trial), lane: 0))?.map(Double.init)
  }

  /// The candidate's error at the frames that are left.
  var coarseError: [Double] { whole?.coarse?.error.map(Double.init) ?? [] }

  /// Shares of the budget by whose end hypotheses have been tried on the thinned encoder, the
  /// likeliest in full, and pairs; what is left is for Float64.
  private static let screeningShare = 0.5
  private static let singlesShare = 0.65
  static let pairsShare = 0.85
  /// Hypotheses that are tried on the thinned encoder before any is run in full.
  private static let part = 256
  /// Whole encoders that are run after each part, and sin² below which they are.
  private static let wholeAfterPart = 4
  private static let near = 0.5
  /// Whole encoders that are run before parameters are fitted.
  private static let wholeBeforeFits = 12
  /// Places whose parameters are fitted on the thinned encoder, and in full.
  private static let coarseFits = 16
  private static let wholeFits = 4
  /// Octaves that an effect's size may be off where frames are left out: fewer keys average less.
  private static let unlikeSize = 4.0
  /// Whole encoders that are run whatever their rank.
  private static let fewestWhole = 60
  /// Whole encoders that are run even where screening took all the time there was.
  private static let fewestLate = 6
  /// sin² beyond which a hypothesis has nothing of the error's direction.
  static let farthest = 0.9
  /// sin² by which effects on the thinned encoder differ that may be one effect.
  private static let alike = 1e-3
  /// Whole encoders that are still run once one has fitted.
  private static let wholeAfterProof = 8
}
