import Diagnosis
import GraphBackend
import Parity
import Report
import TensorCore

/// What a page shows of the worst window: sketches of its taps, and the times of the graph's steps.
struct PageWatcher {
  private var collector: DifferenceCollector
  private var worst: (severity: Int, details: ComparisonDetails)?

  init(_ collector: DifferenceCollector) { self.collector = collector }

  /// A tap of one side of the window that runs now; `nil` is the reference.
  mutating func see(_ candidate: Int?, _ tap: String, _ value: Tensor) {
    collector.see(candidate, tap, value)
  }

  /// A judged tap of one candidate of the window that runs now.
  mutating func see(_ candidate: Int, introduced: IntroducedDifference) {
    collector.see(candidate, introduced: introduced)
  }

  /// Keeps the window if its verdict is worse than all before.
  mutating func finishWindow(_ verdict: CandidateVerdict) {
    let details = collector.finish()
    if verdict.severity > worst?.severity ?? -1 { worst = (verdict.severity, details) }
  }

  /// The details of the worst window; the graph of `sides` is profiled over `mel`.
  func details(sides: Sides? = nil, mel: Tensor? = nil) throws -> ComparisonDetails? {
    var details = worst?.details
    guard let graph = sides?.graph, let mel else { return details }
    details?.steps = try graph.profile(mel: mel).map {
      StepTime(name: $0.name, kind: $0.kind, seconds: $0.seconds, flops: $0.flops)
    }
    return details
  }
}

extension Sides {
  /// The first compared backend that is a graph.
  var graph: GraphBackend? { others.lazy.compactMap { $0 as? GraphBackend }.first }
}
