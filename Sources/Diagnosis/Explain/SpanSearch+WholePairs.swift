import EncoderModel
import Faults

/// Two faults in a whole encoder of which only the end is shown.
extension SpanSearch {
  /// Trials of pairs: ranked by what their effects on the thinned encoder would leave if they added
  /// up, tried on it in that order, and the likeliest of these in full.
  func wholePairs(_ tried: [Trial], at tap: String, _ coarse: CoarseTrials) -> [Trial] {
    let members = distinct(screened.filter { !$0.hypothesis.isSystematic })
    let known = members.compactMap { effects[$0.predicted] }
    guard known.count == members.count, members.count > 1, .now < deadline else { return [] }
    let order = rankedPairs(
      known.map(\.sketch), error: coarse.errorSketch, left: known.map(\.left))
    var seen = Set(tried.map(\.predicted))
    let end = deadline
    deadline = .now + (end - .now) / 2
    var pairs: [Trial] = []
    for batch in 0..<Self.pairBatches where .now < deadline {
      let part = order.dropFirst(batch * Self.pairBatch).prefix(Self.pairBatch)
      let trials = part.compactMap {
        trial(members[$0.0].hypothesis.with(members[$0.1].hypothesis))
      }.filter { seen.insert($0.predicted).inserted }
      screen(trials, coarse, activity: "pairs at \(tap)")
      pairs += trials
    }
    deadline = end
    return inFull(likeliest(ranked(pairs)), at: [tap])
  }

  /// Pairs that are put together at a time, and how many times at most.
  private static let pairBatch = 64
  private static let pairBatches = 64
}
