package import EncoderModel

/// One case of `check`: what is run, and what must come out. Paths are resolved.
package struct CheckCase: Sendable {
  /// The manifest's path from the folder of cases, without its suffix.
  package var name: String
  /// The manifest's own path.
  package var path: String
  package var model: String
  package var input: Input
  /// The first is the reference.
  package var backends: [String]
  /// As `--inject` takes them.
  package var faults: [String]
  /// As `--taps` takes it.
  package var taps: String
  /// The declared precision of products.
  package var precision: NumberFormat?
  /// Samples of a sound encoder in Float64, made elsewhere.
  package var golden: String?
  package var expected: Expectation
  package var budget: Budget

  package enum Input: Sendable, Equatable {
    case audio(String, window: Int)
    case mel(String)
    /// The mel that the golden was made of.
    case golden
  }
}

/// What a case must come to.
package struct Expectation: Sendable, Equatable {
  /// `parity`, `reduced-precision` or `divergent`: of the candidates with faults, where there are
  /// any; all others must be at parity.
  package var verdict: String
  /// Where the first divergence must be; `nil` leaves that open.
  package var firstDivergence: String?
  /// The text that every candidate must lead to; `nil` where none is decoded.
  package var transcript: String?
}

/// What a case may cost.
package struct Budget: Sendable, Equatable {
  /// Seconds for the whole case; `nil` leaves them open.
  package var seconds: Double?
  /// How many times an error may grow over the baseline's.
  package var drift: Double

  /// Twice: an instruction set's own order of sums changes the error of a product by less.
  package static let defaultDrift = 2.0
}
