package import EncoderModel
package import Parity
package import TensorCore

/// One operation of the encoder as a program of its own, so that every backend can run it on the
/// same input, whatever that is.
///
/// Backends run stages with one input. So the operation's inputs stand side by side in one tensor,
/// and dense layers with weights of zeros and ones take them apart again: exact in any order of
/// summation. Attention is isolated as a whole, from q, k and v.
package struct OperationIsolation {
  package let tap: String
  /// The values that the operation reads, by tap name, and their shapes.
  package let inputs: [(tap: String, shape: [Int])]
  /// What backends run.
  package let program: EncoderProgram
  /// The model's weights, and the selections.
  package let weights: any WeightSource
  private let judge: Judge
  private let observed: [String]

  /// - Throws: `IsolationError` where the tap is no operation.
  package init(tap: String, judge: Judge, weights: any WeightSource) throws(IsolationError) {
    let sound = judge.program
    guard let node = sound.node(named: tap), node.operation != .input else {
      throw .noOperation(tap)
    }
    self.tap = tap
    self.judge = judge
    let unit = Self.unit(of: node, in: sound)
    let inner = Set(unit.map(\.name))
    var names: [String] = []
    for name in unit.flatMap(\.inputs) where !inner.contains(name) && !names.contains(name) {
      names.append(name)
    }
    let shapes = names.map { sound.node(named: $0)?.shape ?? [1, 1] }
    inputs = zip(names, shapes).map { ($0, $1) }
    observed = unit.map(\.name).filter { $0 == tap || (node.isAttentionMap && inner.contains($0)) }
    let widths = shapes.map { $0.last ?? 1 }
    self.weights = SelectionWeights(base: weights, widths: widths)
    program = Self.program(unit, names, shapes, like: sound)
  }

  /// The operation, with the attention maps before it.
  private static func unit(of node: ProgramNode, in program: EncoderProgram) -> [ProgramNode] {
    let maps = node.inputs.compactMap { program.node(named: $0) }.filter(\.isAttentionMap)
    return maps.flatMap { unit(of: $0, in: program) } + [node]
  }

  private static func program(
    _ unit: [ProgramNode], _ names: [String], _ shapes: [[Int]], like sound: EncoderProgram
  ) -> EncoderProgram {
    let width = shapes.reduce(0) { $0 + ($1.last ?? 1) }
    var nodes = [
      ProgramNode(
        name: "mel", stage: .stem, operation: .input, inputs: [],
        shape: [shapes.first?.first ?? 1, width])
    ]
    var renamed: [String: String] = [:]
    for (index, name) in names.enumerated() {
      guard names.count > 1 else {
        renamed[name] = "mel"
        continue
      }
      renamed[name] = "\(name)#input"
      nodes.append(
        ProgramNode(
          name: "\(name)#input", stage: .stem,
          operation: .linear(
            Linear(weight: WeightReference(SelectionWeights.name(index)), bias: nil)),
          inputs: ["mel"], shape: shapes[index]))
    }
    for node in unit {
      var copy = node
      copy.stage = .stem
      copy.inputs = node.inputs.map { renamed[$0] ?? $0 }
      nodes.append(copy)
    }
    let output = EncoderStage.stem.outputTap
    if let last = unit.last, last.name != output {
      nodes.append(
        ProgramNode(
          name: output, stage: .stem, operation: .transform(.identity), inputs: [last.name],
          shape: last.shape))
    }
    return EncoderProgram(dimensions: sound.dimensions, nodes: nodes)
  }

  /// Runs a backend of `program` on `values`, one for each of `inputs`, and judges the operation.
  /// - Returns: `nil` where the backend shows nothing.
  /// - Throws: what the backend throws.
  package func run(_ backend: any EncoderBackend, on values: [Tensor]) throws -> IntroducedError? {
    var shown: [String: Tensor] = [:]
    _ = try backend.run(
      .stem, input: Self.sideBySide(values), observing: Set(observed)
    ) { shown[$0] = $1 }
    guard let candidate = shown[tap] else { return nil }
    var known = shown
    known[tap] = nil
    for (input, value) in zip(inputs, values) { known[input.tap] = value }
    return try judge.introducedError(at: tap, inputs: known, candidate: candidate)
  }

  /// Tensors of equal row counts in one, `[rows, Σ columns]`.
  private static func sideBySide(_ values: [Tensor]) -> Tensor {
    guard values.count > 1 else { return values[0].converted(to: .float32) }
    let rows = values[0].rowCount
    let width = values.reduce(0) { $0 + $1.innerExtent }
    return Tensor.float32([rows, width]) { out in
      var start = 0
      for value in values {
        let columns = value.innerExtent
        value.withFloat32 { source in
          for row in 0..<rows {
            for j in 0..<columns { out[row * width + start + j] = source[row * columns + j] }
          }
        }
        start += columns
      }
    }
  }
}

/// The model's weights, and matrices of zeros and ones that take values apart again.
private struct SelectionWeights: WeightSource {
  let base: any WeightSource
  let widths: [Int]

  static func name(_ index: Int) -> String { "isolation.select.\(index)" }

  var weightNames: [String] { base.weightNames + widths.indices.map(Self.name) }

  func weight(_ name: String) throws -> Tensor {
    guard let index = widths.indices.first(where: { Self.name($0) == name }) else {
      return try base.weight(name)
    }
    let total = widths.reduce(0, +)
    let start = widths[..<index].reduce(0, +)
    return Tensor.float32([widths[index], total]) { out in
      out.update(repeating: 0)
      for row in 0..<widths[index] { out[row * total + start + row] = 1 }
    }
  }
}

/// Why an operation cannot be isolated.
package enum IsolationError: Error, CustomStringConvertible {
  case noOperation(String)

  package var description: String {
    switch self {
    case .noOperation(let tap): "'\(tap)' is no operation that could be run alone"
    }
  }
}
