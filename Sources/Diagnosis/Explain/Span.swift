import EncoderModel

/// Consecutive stages between values of stage borders that a candidate shows: no fault inside
/// changes what lies outside, so that each span is searched alone.
struct Span {
  var stages: [EncoderStage]
  /// The sound operations, in order.
  var nodes: [ProgramNode]
  /// Shown taps that the operations define.
  var shown: [String]
  /// Shown taps at which an error comes in.
  var divergent: [String]

  /// Whether only the end is shown and several blocks lie before it.
  var isWide: Bool {
    let blocks = stages.count { if case .block = $0 { true } else { false } }
    return blocks > 1 && shown.filter { $0 != "mel" } == [stages.last?.outputTap ?? ""]
  }

  /// The spans of a program as a candidate shows it; values behind the last shown tap belong to none.
  static func all(
    of program: EncoderProgram, shown: Set<String>, divergent: Set<String>
  ) -> [Span] {
    var spans: [Span] = []
    var stages: [EncoderStage] = []
    for stage in program.stages {
      stages.append(stage)
      let isLast = stage == program.stages.last
      guard shown.contains(stage.outputTap) || isLast else { continue }
      let members = Set(stages)
      let nodes = program.nodes.filter { members.contains($0.stage) }
      let names = nodes.map(\.name)
      spans.append(
        Span(
          stages: stages, nodes: nodes, shown: names.filter(shown.contains),
          divergent: names.filter(divergent.contains)))
      stages = []
    }
    return spans.filter { !$0.divergent.isEmpty }
  }
}
