import EncoderModel
import Faults

extension SpanSearch {
  /// Whether some precision everywhere errs as much as the candidate does: finding out which one it
  /// is takes many encoders in Float64.
  func isOfSizeOfAPrecision(at tap: String) -> Bool {
    NumberFormat.allCases.contains {
      $0.unitRoundoff > NumberFormat.float32.unitRoundoff
        && roundingEverywhereIsOfThisSize($0, at: tap)
    }
  }

  /// The size of an error over that of the named precision everywhere: engines round in more or in
  /// fewer places than operands of products, as where precisions are inferred.
  private static let similarSize = 0.4...2.5

  /// Whether an encoder with all of its products in `format` errs as much as the candidate does. A
  /// structural error of a deep encoder looks as random at its end as rounding does; its size does not
  /// have to be the same.
  func roundingEverywhereIsOfThisSize(_ format: NumberFormat, at tap: String) -> Bool {
    guard let whole else { return true }
    let slug = "\(format.rawValue)-products"
    let hypotheses = source.systematic(in: span.stages) { fault in
      fault.slug == slug || fault.slug == "weights-quantized"
    }.filter { hypothesis in
      hypothesis.faults.allSatisfy {
        $0.fault.slug == slug || $0.value == .word(format.rawValue)
      }
    }
    guard let everywhere = hypotheses.max(by: { $0.faults.count < $1.faults.count }),
      let trial = trial(everywhere), let rounded = try? whole.sketch(trial, mel: nil)
    else { return true }
    let sound = whole.soundSketch
    var (own, simulated) = (0.0, 0.0)
    for i in sound.indices where whole.own[i].isFinite && rounded[i].isFinite {
      own += (whole.own[i] - Double(sound[i])) * (whole.own[i] - Double(sound[i]))
      simulated += Double(rounded[i] - sound[i]) * Double(rounded[i] - sound[i])
    }
    guard simulated > 0 else { return true }
    return Self.similarSize.contains((own / simulated).squareRoot())
  }
}
