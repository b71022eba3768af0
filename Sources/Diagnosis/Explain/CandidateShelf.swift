package import EncoderModel
import Synchronization
package import TensorCore

/// A candidate's values by tap, read when they are asked for and kept.
///
/// Searches compare many hypotheses with the same few tensors, in any order of stages.
package final class CandidateShelf: Sendable {
  package let name: String
  /// Taps that the candidate shows in their right shape, in program order.
  package let taps: [String]
  /// The same as a set.
  package let shown: Set<String>
  /// Taps that it shows in another shape, with that shape.
  package let misshapen: [String: [Int]]
  /// A mel of other extents than the model takes.
  package let misshapenMel: Tensor?
  /// Whether the candidate computed its mel itself and does not show it.
  let hidesMel: Bool
  private let values: [String: Tensor]

  /// Reads everything that a candidate shows of `selection`. It is given `mel`; one with a front-end
  /// of its own shows another.
  package init(
    _ candidate: any Candidate, program: EncoderProgram, mel: Tensor, selection: TapSelection,
    progress: (EncoderStage) -> Void = { _ in }
  ) throws {
    name = candidate.name
    hidesMel = candidate.hidesMel
    let wanted = Set(selection.names(in: program)).intersection(
      candidate.availableTaps ?? Set(program.tapNames))
    var values: [String: Tensor] = [:]
    var input = mel
    for stage in program.stages {
      progress(stage)
      let shown = try candidate.taps(of: stage, input: input, observing: wanted)
      values.merge(shown.values) { first, _ in first }
      if let output = shown.output { input = output }
    }
    let shapes = Dictionary(program.nodes.map { ($0.name, $0.shape) }) { first, _ in first }
    misshapen = values.filter { $0.value.shape != shapes[$0.key] }.mapValues(\.shape)
    misshapenMel = values["mel"].flatMap { $0.shape == shapes["mel"] ? nil : $0 }
    self.values = values.filter { $0.value.shape == shapes[$0.key] }
    let fitting = Set(self.values.keys)
    shown = fitting
    taps = program.tapNames.filter(fitting.contains)
  }

  /// A shelf of given tensors.
  package convenience init(name: String, program: EncoderProgram, values: [String: Tensor]) {
    self.init(name: name, program: program, values: values, misshapen: [:])
  }

  /// - `misshapen`: what is known to have another shape besides.
  private init(
    name: String, program: EncoderProgram, values: [String: Tensor],
    misshapen known: [String: [Int]]
  ) {
    self.name = name
    hidesMel = false
    let shapes = Dictionary(program.nodes.map { ($0.name, $0.shape) }) { first, _ in first }
    misshapen = values.filter { $0.value.shape != shapes[$0.key] }.mapValues(\.shape)
      .merging(known) { first, _ in first }
    misshapenMel = values["mel"].flatMap { $0.shape == shapes["mel"] ? nil : $0 }
    self.values = values.filter { $0.value.shape == shapes[$0.key] }
    let fitting = Set(self.values.keys)
    shown = fitting
    taps = program.tapNames.filter(fitting.contains)
  }

  /// The same with a mel that the candidate does not show itself.
  func showing(mel: Tensor, program: EncoderProgram) -> CandidateShelf {
    CandidateShelf(
      name: name, program: program, values: values.merging(["mel": mel]) { $1 },
      misshapen: misshapen)
  }

  /// The candidate's tap, `nil` where it shows none of the right shape.
  package func tensor(_ tap: String) -> Tensor? { values[tap] }
}
