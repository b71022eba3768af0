import EncoderModel
import TensorCore

/// Where the weights that a candidate's values betray come from: rows of the checkpoint in another
/// place, as a wrongly split fused projection has them.
///
/// Each channel of a dense layer is one row of its weight applied to the input; what every row of the
/// checkpoint would give on the candidate's own input is compared with what it has.
struct WeightOrigin {
  let text: String
  /// ‖candidate − reproduction‖/‖candidate‖, offsets of channels aside.
  let residual: Double

  /// `output` `[T, out]` is the candidate's tap, `input` `[T, in]` its own input and `node` the dense
  /// layer that stands there; `nil` unless every channel is some row of the checkpoint, and not all
  /// their own.
  init?(_ output: Tensor, input: Tensor, of node: ProgramNode, in search: SpanSearch) {
    guard case .linear(let linear) = node.operation else { return nil }
    let columns = Self.centredColumns(output)
    let sizes = columns.map { $0.reduce(0) { $0 + $1 * $1 } }
    var left = Set(columns.indices)
    var sources = [(name: String, row: Int)?](repeating: nil, count: columns.count)
    var (difference, size) = (0.0, 0.0)
    for name in Self.candidates(linear.weight.name, search) {
      if left.isEmpty { break }
      guard let value = Self.product(name, input, search) else { continue }
      let rows = Self.centredColumns(value)
      for index in left.sorted() {
        // The same place first: rows may be alike.
        let order = [index].filter(rows.indices.contains) + rows.indices.filter { $0 != index }
        for row in order {
          let limit = Self.rounding * sizes[index]
          guard let distance = Self.distance(columns[index], rows[row], below: limit) else {
            continue
          }
          sources[index] = (name, row)
          difference += distance
          size += sizes[index]
          left.remove(index)
          break
        }
      }
    }
    let found = sources.compactMap { $0 }
    guard found.count == columns.count, size > 0 else { return nil }
    let isInPlace = found.enumerated().allSatisfy {
      $1.name == linear.weight.name && $1.row == $0
    }
    guard !isInPlace else { return nil }
    residual = (difference / size).squareRoot()
    text = "its channels are rows of the checkpoint in another place: \(Self.stretches(found))"
  }

  /// The own weight first, then those of the block, then those of other blocks.
  private static func candidates(_ own: String, _ search: SpanSearch) -> [String] {
    let block = own.split(separator: ".").prefix(3).joined(separator: ".") + "."
    var (near, far): ([String], [String]) = ([own], [])
    for node in search.context.program.nodes {
      guard case .linear(let linear) = node.operation, linear.weight.name != own else { continue }
      let name = linear.weight.name
      if name.hasPrefix(block) { near.append(name) } else { far.append(name) }
    }
    return near + far
  }

  /// What a weight of the checkpoint gives on `input`, without bias; `nil` where it does not fit.
  private static func product(_ name: String, _ input: Tensor, _ search: SpanSearch) -> Tensor? {
    let node = ProgramNode(
      name: name, stage: .stem,
      operation: .linear(Linear(weight: WeightReference(name), bias: nil)), inputs: [], shape: [])
    return try? search.context.oracle.evaluate(node, inputs: [input])
  }

  /// Columns less their means: a bias is another matter.
  private static func centredColumns(_ matrix: Tensor) -> [[Double]] {
    let (rows, width) = (matrix.rowCount, matrix.innerExtent)
    return matrix.withFloat64 { values in
      (0..<width).map { column in
        let all = (0..<rows).map { values[$0 * width + column] }
        let mean = all.reduce(0, +) / Double(max(rows, 1))
        return all.map { $0 - mean }
      }
    }
  }

  /// The part of ‖a‖² that Float32's rounding leaves of a dense layer at most.
  private static let rounding = 1e-10

  /// ‖a − b‖² up to `limit`; `nil` beyond.
  private static func distance(_ a: [Double], _ b: [Double], below limit: Double) -> Double? {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var sum = 0.0
        for i in 0..<a.count {
          sum += (a[i] - b[i]) * (a[i] - b[i])
          if sum > limit { return nil }
        }
        return sum
      }
    }
  }

  /// `0–63 are 64–127 of attn.query, …`.
  private static func stretches(_ sources: [(name: String, row: Int)]) -> String {
    var parts: [String] = []
    var start = 0
    while start < sources.count {
      let origin = sources[start]
      var end = start
      while end + 1 < sources.count, sources[end + 1].name == origin.name,
        sources[end + 1].row == origin.row + end + 1 - start
      { end += 1 }
      let name = origin.name.hasSuffix(".weight") ? String(origin.name.dropLast(7)) : origin.name
      parts.append(
        start == end
          ? "\(start) is \(origin.row) of \(name)"
          : "\(start)–\(end) are \(origin.row)–\(origin.row + end - start) of \(name)")
      start = end + 1
      if parts.count == 4, start < sources.count { return parts.joined(separator: ", ") + ", …" }
    }
    return parts.joined(separator: ", ")
  }
}
