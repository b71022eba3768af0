import EncoderModel
import Faults

extension SpanSearch {
  /// Whether some precision everywhere errs as much as the candidate does, and in the same frames:
  /// finding out which one it is takes many encoders in Float64.
  func isOfSizeOfAPrecision(at tap: String) -> Bool {
    guard let whole else { return true }
    let formats = NumberFormat.allCases.filter {
      $0.unitRoundoff > NumberFormat.float32.unitRoundoff
    }
    return formats.contains { format in
      let hypotheses = roundingEverywhere(format)
      return hypotheses.isEmpty
        || hypotheses.prefix(1).contains { errsAlike($0, at: tap, whole) }
    }
  }

  /// The size of an error over that of the named precision everywhere: engines round in more or in
  /// fewer places than operands of products, as where precisions are inferred.
  private static let similarSize = 0.4...2.5

  /// Whether an encoder with all of its products in `format` errs as much as the candidate does, and in
  /// the same frames. A structural error of a deep encoder looks as random at its end as rounding does;
  /// its size and its place do not have to be the same.
  func roundingEverywhereIsOfThisSize(_ format: NumberFormat, at tap: String) -> Bool {
    guard let whole else { return true }
    let hypotheses = roundingEverywhere(format)
    return hypotheses.isEmpty || hypotheses.contains { errsAlike($0, at: tap, whole) }
  }

  /// Whether a hypothesis errs as much as the candidate does, and in the same frames.
  private func errsAlike(_ hypothesis: Hypothesis, at tap: String, _ whole: WholeEncoderTrials)
    -> Bool
  {
    isOfThisSize(hypothesis, at: tap, whole)
      && (trial(hypothesis).flatMap { try? whole.errsLike($0) } ?? true)
  }

  /// The format at as many places as it may be at, once for each of its schemes.
  private func roundingEverywhere(_ format: NumberFormat) -> [Hypothesis] {
    let slug = "\(format.rawValue)-products"
    let hypotheses = source.systematic(in: span.stages) { fault in
      fault.slug == slug || ["weights-quantized", "operands-quantized"].contains(fault.slug)
    }.filter { hypothesis in
      hypothesis.faults.allSatisfy { $0.numberFormat == format }
    }
    return Dictionary(grouping: hypotheses) { $0.faults.first?.name ?? "" }
      .sorted { $0.key < $1.key }
      .compactMap { $0.value.max { $0.faults.count < $1.faults.count } }
  }

  private func isOfThisSize(_ hypothesis: Hypothesis, at tap: String, _ whole: WholeEncoderTrials)
    -> Bool
  {
    guard let trial = trial(hypothesis), let rounded = try? whole.sketch(trial, mel: nil) else {
      return true
    }
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
