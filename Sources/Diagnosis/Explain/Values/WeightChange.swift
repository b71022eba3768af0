import TensorCore

/// How weights that a candidate's values betray differ from the checkpoint's.
struct WeightChange {
  /// `1 of 16384 weights differs: [5, 9] is 3 where the checkpoint has -0.02`.
  let text: String

  /// Differences below this part of the largest are those of the fit.
  private static let noise = 0.05
  /// Part of all weights that may differ where single ones are named.
  private static let fewest = 0.25
  /// Part of Σ change² that those have to hold.
  private static let share = 0.9

  /// - `found` `[in, out]`: what least squares added to `sound` `[in, out]`, the checkpoint's.
  init?(_ found: Tensor, of sound: Tensor) {
    let outputs = sound.innerExtent
    let change = found.float64Array
    guard change.count == sound.elementCount, change.allSatisfy(\.isFinite),
      let largest = change.map(abs).max(), largest > 0
    else { return nil }
    let checkpoint = sound.float64Array
    let different = change.indices.filter { abs(change[$0]) > Self.noise * largest }
    let held = different.reduce(0) { $0 + change[$1] * change[$1] }
    let all = change.reduce(0) { $0 + $1 * $1 }
    guard Double(different.count) < Self.fewest * Double(change.count), held > Self.share * all,
      let first = different.first
    else { return nil }
    text = Self.text(different, first, change, checkpoint, outputs)
  }

  private static func text(
    _ different: [Int], _ first: Int, _ change: [Double], _ checkpoint: [Double], _ outputs: Int
  ) -> String {
    let values =
      "[\(first % outputs), \(first / outputs)] is about "
      + "\(Figure.short(checkpoint[first] + change[first])) where the checkpoint has "
      + Figure.short(checkpoint[first])
    if different.count == 1 { return "1 of \(change.count) weights differs: \(values)" }
    let rows = Set(different.map { $0 % outputs })
    let columns = Set(different.map { $0 / outputs })
    let inRows = rows.count * 2 < outputs ? stretch(rows, "row") : nil
    let inColumns = columns.count * 2 < change.count / outputs ? stretch(columns, "column") : nil
    let places = [inRows, inColumns].compactMap { $0 }.joined(separator: " and ")
    let part = places.isEmpty ? "" : ", in \(places)"
    return "\(different.count) of \(change.count) weights differ\(part): \(values)"
  }

  private static func stretch(_ places: Set<Int>, _ noun: String) -> String {
    guard let first = places.min(), let last = places.max() else { return "" }
    if first == last { return "\(noun) \(first)" }
    let isStretch = last - first + 1 == places.count
    return "\(noun)s \(first)\(isStretch ? "–" : " … ")\(last)"
  }
}
