import EncoderModel
import TensorCore

/// A tolerance that the user gives in place of a bound: |x − r| ≤ atol + rtol·|r| at taps that
/// match a glob.
package struct TapTolerance: Sendable, Hashable {
  package var glob: String
  package var relative: Double
  package var absolute: Double

  package init(glob: String = "*", relative: Double, absolute: Double) {
    self.glob = glob
    self.relative = relative
    self.absolute = absolute
  }

  /// Largest |x − r|/(atol + rtol·|r|); ∞ where NaN or ∞ stands on one side only.
  func worstRatio(candidate: Tensor, exact: Tensor) -> Double {
    candidate.withFloat64 { x in
      exact.withFloat64 { r in
        var worst = 0.0
        for i in x.indices {
          guard x[i].isFinite && r[i].isFinite else {
            if r[i].isFinite || x[i].isFinite { worst = .infinity }
            continue
          }
          let allowed = absolute + relative * abs(r[i])
          let error = abs(x[i] - r[i])
          if error > 0 { worst = max(worst, error / allowed) }
        }
        return worst
      }
    }
  }
}

/// Why a tolerance could not be read.
package enum TapToleranceError: Error, CustomStringConvertible {
  case malformed(String)

  package var description: String {
    switch self {
    case .malformed(let text):
      "'\(text)' is no tolerance; give [GLOB:]RTOL,ATOL such as 'encoder.blocks.*:1e-4,1e-5'"
    }
  }
}

extension TapTolerance {
  /// Parses `[GLOB:]RTOL,ATOL`.
  package init(parsing text: String) throws(TapToleranceError) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    let numbers = (parts.last ?? "").split(separator: ",").map { Double($0) }
    guard numbers.count == 2, let relative = numbers[0], let absolute = numbers[1],
      relative >= 0, absolute >= 0, relative.isFinite, absolute.isFinite
    else { throw .malformed(text) }
    self.init(
      glob: parts.count == 2 ? parts[0] : "*", relative: relative, absolute: absolute)
  }
}
