package import TensorCore

/// A cause that was found: what the port does, where, and how sure that is.
package struct Finding: Sendable {
  package enum Confidence: String, Sendable {
    /// With this fault in the reference, nothing but rounding is left of the error.
    case proved
    /// It takes most of the error away and nothing else comes near; what is left is not explained.
    case likely
  }

  /// A hypothesis with what it leaves of the error.
  package struct Rival: Sendable {
    /// `slug=value@tap`.
    package var name: String
    package var summary: String
    package var residual: Double
  }

  /// The fault's stable name; a value-based finding has a name of its own.
  package var slug: String
  /// `slug=value`, or the slug alone.
  package var name: String
  package var ids: [Int]
  package var summary: String
  package var remedy: String
  /// Where the fault sits; several where the port makes it everywhere.
  package var sites: [String]
  /// Taps at which it shows.
  package var shownAt: [String]
  package var confidence: Confidence
  /// ‖candidate − reproduction‖/‖reproduction‖ where it shows.
  package var residual: Double
  /// The best of what fits worse.
  package var runnerUp: Rival?
  /// Hypotheses that these values cannot tell from it.
  package var equivalents: [Rival]
  /// Causes that only together with this one explain the values.
  package var together: [String]
  /// A deliberate or declared difference, or one without effect: named, but no failure.
  package var isBenign: Bool
  /// Relative L2 that the fault makes at the encoder's output; `nil` where that was not computed.
  package var outputEffect: Double?
  /// Why it is harmless, and other remarks.
  package var note: String?
  /// The faults as a rewrite; `nil` where the finding rests on values alone.
  package var hypothesis: Hypothesis?
}

/// A tap whose error no hypothesis explains, with what is known of it.
package struct Unexplained: Sendable {
  package var tap: String
  /// The judge's verdict in words.
  package var verdict: String
  /// Relative L2 of the introduced error; `nil` where it has none.
  package var error: Double?
  /// What the values say: affine fit, rank, permutation, nearest hypothesis.
  package var clues: [String]
}

/// Everything that was found out about one candidate.
package struct Explanation: Sendable {
  package var candidate: String
  package var findings: [Finding]
  package var unexplained: [Unexplained]
  /// Taps that were compared, in program order.
  package var taps: [String]
  /// What should be known besides: conventions that were undone, searches cut short.
  package var notes: [String]
  package var repair: Repair?

  /// Whether something is wrong: a cause that is not benign, or an error without a cause.
  package func isDivergent(strict: Bool) -> Bool {
    !unexplained.isEmpty || findings.contains { strict || !$0.isBenign }
  }
}

/// What would be left if every named cause were repaired.
package struct Repair: Sendable {
  /// ‖candidate − sound‖/‖sound‖ at the encoder's output; `nil` where the candidate shows none.
  package var before: Double?
  /// ‖candidate − reproduction‖/‖reproduction‖ there, the named causes being in the reproduction.
  package var after: Double?
  /// Relative L2 of the mel before and after.
  package var melBefore: Double?
  package var melAfter: Double?
  /// The candidate's output.
  package var ownOutput: Tensor?
  /// The sound encoder's output over the sound mel.
  package var soundOutput: Tensor?
  /// The same with what the named causes leave unexplained of the candidate added to it: what the
  /// candidate would give once they are repaired, to first order.
  package var repairedOutput: Tensor?
}
