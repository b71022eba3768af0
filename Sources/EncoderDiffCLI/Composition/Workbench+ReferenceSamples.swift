import EncoderModel
import ForeignDumps
import TensorCore

extension Workbench {
  /// Samples of the reference's taps of at most `largest` elements, from a run over `mel`.
  func referenceSamples(
    _ mel: Tensor, upTo largest: Int, _ progress: Progress?
  ) throws -> ReferenceSamples {
    let nodes = model.program.nodes.filter { $0.isTap && $0.shape.reduce(1, *) <= largest }
    var samples = ReferenceSamples()
    _ = try backend("reference").encode(mel: mel, observing: Set(nodes.map(\.name))) {
      progress?.show($0, Double(samples.taps.count) / Double(nodes.count))
      samples.add($0, $1)
    }
    return samples
  }
}
