/// An error that has grown beyond what the baseline allows.
package struct Drift: Sendable, Equatable {
  /// The first tap whose own error has grown; `nil` where only accumulated error has.
  package var introducedAt: String?
  /// The tap whose accumulated error has grown most.
  package var tap: String
  /// The error of `tap`: its own where `introducedAt` names it, else the accumulated one.
  package var found: Double
  package var known: Double

  /// The root mean square of a rounding to nearest in Float32, u/√3: errors below that are no drift,
  /// however small they were before.
  static let floor = 0x1p-24 / 1.7320508075688772

  /// Whether `found` has grown more than `factor` times over what was known.
  static func isBeyond(_ found: Double?, _ known: Double?, factor: Double) -> Bool {
    guard let known else { return false }
    guard let found else { return true }
    return !(found <= factor * max(known, floor))
  }

  /// Compares one candidate's errors with the baseline's.
  /// - Returns: `nil` where none has grown beyond `factor`.
  package static func between(
    _ found: CandidateFigures, _ known: CandidateFigures, factor: Double
  ) -> Drift? {
    var worst: (drift: Drift, growth: Double)?
    for (tap, errors) in found.taps {
      guard let old = known.errors(of: tap) else { continue }
      if isBeyond(errors.introduced, old.introduced, factor: factor) {
        return Drift(
          introducedAt: tap, tap: tap, found: errors.introduced ?? .infinity,
          known: old.introduced ?? 0)
      }
      guard isBeyond(errors.cumulative, old.cumulative, factor: factor) else { continue }
      let (new, before) = (errors.cumulative ?? .infinity, old.cumulative ?? 0)
      let growth = new / max(before, floor)
      if growth > worst?.growth ?? 0 || growth.isNaN {
        worst = (Drift(introducedAt: nil, tap: tap, found: new, known: before), growth)
      }
    }
    return worst?.drift
  }
}

/// What `--update` would change in a baseline.
package struct BaselineChange: Sendable, Equatable {
  package var name: String
  /// One line a change.
  package var lines: [String]

  private static let maximumLines = 6

  /// Everything in which a case's figures differ; `nil` where nothing does.
  package static func between(
    _ name: String, old: [String: CandidateFigures]?, new: [String: CandidateFigures]?
  ) -> BaselineChange? {
    guard old != new else { return nil }
    guard let old else { return BaselineChange(name: name, lines: ["recorded for the first time"]) }
    guard let new else {
      return BaselineChange(name: name, lines: ["taken out: there is no such case"])
    }
    var lines: [String] = []
    for candidate in Set(old.keys).union(new.keys).sorted() {
      switch (old[candidate], new[candidate]) {
      case (nil, _?): lines.append("\(candidate): new")
      case (_?, nil): lines.append("\(candidate): taken out")
      case (let before?, let after?): lines += changes(candidate, before, after)
      case (nil, nil): break
      }
    }
    let shown = lines.prefix(maximumLines)
    let rest = lines.count - shown.count
    return BaselineChange(
      name: name, lines: shown + (rest > 0 ? ["… and \(rest) more figures"] : []))
  }

  private static func changes(
    _ candidate: String, _ old: CandidateFigures, _ new: CandidateFigures
  ) -> [String] {
    var lines: [String] = []
    if old.verdict != new.verdict {
      lines.append("\(candidate): \(old.verdict) → \(new.verdict)")
    }
    if old.firstDivergence != new.firstDivergence {
      lines.append(
        "\(candidate): first divergence \(old.firstDivergence ?? "none") → "
          + "\(new.firstDivergence ?? "none")")
    }
    for (tap, errors) in new.taps where old.errors(of: tap) != errors {
      let before = old.errors(of: tap)
      lines.append(
        "\(candidate): \(tap) relative L2 \(text(before?.cumulative)) → \(text(errors.cumulative)), "
          + "introduced \(text(before?.introduced)) → \(text(errors.introduced))")
    }
    for tap in old.taps where new.errors(of: tap.name) == nil {
      lines.append("\(candidate): \(tap.name) no longer looked at")
    }
    return lines
  }

  private static func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "none" }
}
