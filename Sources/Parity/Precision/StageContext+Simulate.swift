import EncoderModel
import TensorCore

extension StageContext {
  /// The segment's output with its products altered, from the candidate's own values.
  func simulate(
    _ variant: PrecisionVariant, _ segment: [ProgramNode], roots: [String: Tensor]
  ) throws -> Tensor? {
    var results = roots
    var index = 0
    while index < segment.count {
      let node = segment[index]
      if let context = try attention(variant, segment[index...], results) {
        results[segment[index + 2].name] = variant.stored(context)
        index += 3
        continue
      }
      let inputs = node.inputs.compactMap { results[$0] }
      guard inputs.count == node.inputs.count else { return nil }
      let value = try judge.oracle.evaluate(
        variant.altering(node), inputs: inputs.map { variant.read($0, by: node) })
      results[node.name] = variant.stored(value)
      index += 1
    }
    return segment.last.flatMap { results[$0.name] }
  }

  /// The context of an attention that `nodes` begin with; `nil` where they do not.
  private func attention(
    _ variant: PrecisionVariant, _ nodes: ArraySlice<ProgramNode>, _ results: [String: Tensor]
  ) throws -> Tensor? {
    guard nodes.count > 2, case let (scores, softmax, context) = nodes.prefix(3).triple,
      case .attentionScores = scores.operation,
      case .attentionContext(var exact) = context.operation,
      let q = scores.inputs.first.flatMap({ results[$0] }),
      let k = scores.inputs.last.flatMap({ results[$0] }),
      let v = context.inputs.last.flatMap({ results[$0] })
    else { return nil }
    guard variant.roundsExponentials else {
      return try FusedAttention(
        scores: variant.altering(scores), softmax: softmax, context: variant.altering(context),
        oracle: judge.oracle
      ).evaluate(
        q, k, v, builder: nil,
        storage: StorageRounding(inputs: [], output: .float32, claim: .float32)
      ).value
    }
    // Fused attention holds scores in Float32.
    var inner = variant
    inner.result = .float32
    let map = try judge.oracle.evaluate(
      softmax, inputs: [try judge.oracle.evaluate(inner.altering(scores), inputs: [q, k])])
    var summing = context
    exact.precision = .exact
    summing.operation = .attentionContext(exact)
    return try judge.oracle.evaluate(
      summing, inputs: [map.roundedToRowMaxima(variant.format), v.rounded(to: variant.format)])
  }
}

extension ArraySlice<ProgramNode> {
  /// The first three.
  fileprivate var triple: (ProgramNode, ProgramNode, ProgramNode) {
    (self[startIndex], self[startIndex + 1], self[startIndex + 2])
  }
}

extension Tensor {
  /// Each value over its row's largest, rounded, and multiplied by that again: a probability
  /// p = e/Σe becomes round(e/max e)·max p.
  fileprivate func roundedToRowMaxima(_ format: NumberFormat) -> Tensor {
    let width = Swift.max(innerExtent, 1)
    return withFloat64 { source in
      Tensor.float64(shape) { target in
        var row = [Float](repeating: 0, count: width)
        for start in stride(from: 0, to: target.count, by: width) {
          let largest = source[start..<(start + width)].reduce(0) { Swift.max($0, $1) }
          for i in 0..<width { row[i] = largest > 0 ? Float(source[start + i] / largest) : 0 }
          row.withUnsafeMutableBufferPointer { format.round(row: $0) }
          for i in 0..<width { target[start + i] = Double(row[i]) * largest }
        }
      }
    }
  }

  /// Rounded row by row; in Float64.
  func rounded(to format: NumberFormat) -> Tensor {
    let width = Swift.max(innerExtent, 1)
    return withFloat32 { source in
      Tensor.float64(shape) { target in
        var row = [Float](repeating: 0, count: width)
        for start in stride(from: 0, to: target.count, by: width) {
          for i in 0..<width { row[i] = source[start + i] }
          row.withUnsafeMutableBufferPointer { format.round(row: $0) }
          for i in 0..<width { target[start + i] = Double(row[i]) }
        }
      }
    }
  }
}
