import EncoderModel
package import TensorCore
package import TensorIO

/// Taps of the program found in a foreign dump; tensors are read when asked for.
package struct AlignedDump: Sendable {
  /// What told that a foreign tensor is a tap.
  package enum Means: String, Sendable {
    case mapping
    case name
    case shape
    case values
  }

  /// One tap and where it lies.
  package struct Alignment: Sendable {
    package let tap: String
    /// The foreign tensor's name.
    package let tensor: String
    package let means: Means
    package let layout: TapLayout
    /// Foreign values times this are the tap's; 1 but where a convention differs.
    package let scale: Double
    /// ‖foreign − reference‖/‖reference‖ over a sample; `nil` without reference.
    package let relativeError: Double?
    /// How it was aligned, and harmless conventions that were undone.
    package let notes: [String]

    /// One line: `by name from 'model.encoder.conv1', channels first: transposed`.
    package var text: String {
      ("by \(means.rawValue) from '\(tensor)'" + notes.map { ", \($0)" }.joined())
    }
  }

  /// A tensor that could be several taps, or a tap that several tensors could be.
  package struct Ambiguity: Sendable {
    package let subject: String
    package let candidates: [String]
    /// One line that says what to do.
    package var text: String {
      "'\(subject)' could be \(candidates.map { "'\($0)'" }.joined(separator: " or ")); "
        + "say which in a mapping file"
    }
  }

  package let source: any TensorSource
  /// In program order.
  package let alignments: [Alignment]
  /// Taps that the dump does not hold, in program order.
  package let missingTaps: [String]
  /// Foreign tensors that are no tap, and why where that is known.
  package let unmappedTensors: [(name: String, reason: String)]
  package let ambiguities: [Ambiguity]
  /// Tensors that may be the encoder's output, where it was looked for by values and not found.
  package let possibleOutputs: [String]
  private let byTap: [String: Alignment]
  private let shapes: [String: [Int]]

  init(
    source: any TensorSource, program: EncoderProgram, alignments: [String: Alignment],
    unmapped: [(name: String, reason: String)], ambiguities: [Ambiguity],
    possibleOutputs: [String] = []
  ) {
    self.source = source
    byTap = alignments
    self.alignments = program.tapNames.compactMap { alignments[$0] }
    missingTaps = program.tapNames.filter { alignments[$0] == nil }
    unmappedTensors = unmapped
    self.ambiguities = ambiguities
    self.possibleOutputs = possibleOutputs
    shapes = Dictionary(
      program.nodes.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
  }

  package var tapNames: [String] { alignments.map(\.tap) }

  package func alignment(of tap: String) -> Alignment? { byTap[tap] }

  /// The tap in its canonical shape, `nil` where the dump does not hold it. Element types stay, but
  /// for integers and rescaled taps, which become Float32 (Float64 from Float64).
  /// - Throws: what is wrong with the tensor's bytes. NaN and ∞ are no error.
  package func tensor(_ tap: String) throws(TensorIOError) -> Tensor? {
    guard let alignment = byTap[tap], let shape = shapes[tap] else { return nil }
    let foreign = try source.tensor(alignment.tensor)
    let gathered = alignment.layout.gather(foreign, shape: shape)
    return gathered.scalarType.isFloatingPoint
      ? scaled(gathered, by: alignment.scale) : gathered.converted(to: .float32)
  }

  private func scaled(_ tensor: Tensor, by scale: Double) -> Tensor {
    if scale == 1 { return tensor }
    if tensor.scalarType == .float64 {
      return tensor.withFloat64 { source in
        Tensor.float64(tensor.shape) { target in
          for index in target.indices { target[index] = source[index] * scale }
        }
      }
    }
    return tensor.withFloat32 { source in
      Tensor.float32(tensor.shape) { target in
        for index in target.indices { target[index] = source[index] * Float(scale) }
      }
    }
  }
}
