import EncoderModel
import TensorCore

/// What an activation computes, read off its values.
extension ValueClue {
  /// The function that an activation computes, where each of its values follows from its input alone: some of its
  /// values, for whoever knows the engine. `nil` for other operations.
  static func activation(at tap: String, in search: SpanSearch) -> String? {
    guard let node = search.context.program.node(named: tap), case .gelu = node.operation,
      let input = node.inputs.first.flatMap(search.shelf.tensor),
      let own = search.shelf.tensor(tap), own.elementCount == input.elementCount
    else { return nil }
    let (x, y) = (input.float64Array, own.float64Array)
    let step = max(1, x.count / 65536)
    let points = stride(from: 0, to: x.count, by: step)
      .filter { x[$0].isFinite && y[$0].isFinite }
      .map { (x: x[$0], y: y[$0]) }
      .sorted { $0.x < $1.x }
    guard points.count >= 256 else { return nil }
    // Neighbours along x differ by little where y is a function of x, by anything where it is not.
    var (rough, total) = (0.0, 0.0)
    let mean = points.reduce(0) { $0 + $1.y } / Double(points.count)
    for i in points.indices.dropFirst() {
      let difference = points[i].y - points[i - 1].y
      rough += difference * difference
      total += (points[i].y - mean) * (points[i].y - mean)
    }
    guard total > 0, rough < 1e-3 * total else { return nil }
    let values = [-3.0, -1, -0.5, 0, 0.5, 1, 3].compactMap { at -> String? in
      let next = points.partitioningIndex { $0.x >= at }
      guard next > 0, next < points.count else { return nil }
      let (a, b) = (points[next - 1], points[next])
      guard b.x - a.x < 0.1 else { return nil }
      let share = b.x > a.x ? (at - a.x) / (b.x - a.x) : 0
      return "f(\(Figure.short(at))) = \(Figure.short(a.y + share * (b.y - a.y)))"
    }
    guard values.count >= 3 else { return nil }
    return "each value follows from its input alone, by another function than GELU: "
      + values.joined(separator: ", ")
  }
}

extension Array {
  /// The first index from which on `belongs` holds, in an array where it holds from some index on.
  fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
