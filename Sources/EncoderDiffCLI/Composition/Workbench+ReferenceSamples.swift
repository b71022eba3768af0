import EncoderModel
import ForeignDumps
import TensorCore

extension Workbench {
  /// Samples of a sound encoder's taps of at most `largest` elements, from a run over `mel`.
  ///
  /// Float32 is enough to recognise a tensor by, so the fastest encoder of ours does it.
  func referenceSamples(
    _ mel: Tensor, upTo largest: Int, _ progress: Progress?
  ) throws -> ReferenceSamples {
    let nodes = model.program.nodes.filter { $0.isTap && $0.shape.reduce(1, *) <= largest }
    var samples = ReferenceSamples()
    _ = try backend("graph").encode(mel: mel, observing: Set(nodes.map(\.name))) {
      progress?.show($0, Double(samples.taps.count) / Double(nodes.count))
      samples.add($0, $1)
    }
    return samples
  }
}
