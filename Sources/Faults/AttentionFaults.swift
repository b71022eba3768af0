import EncoderModel

/// Faults of attention: scale and softmax; those of masks and heads lie in `MaskFaults` and `HeadFaults`.
enum AttentionFaults {
  static let all: [Fault] = scores + MaskFaults.all + HeadFaults.all

  private static let scores: [Fault] = [
    scaleFault("attention-scale-missing", "attention scores are not scaled") { 1 / $0.scale },
    scaleFault("attention-scale-twice", "attention scores are scaled twice") { $0.scale },
    Fault(
      "attention-scale-width", ids: [41], "scores scaled by 1/√width instead of 1/√headDim",
      remedy: "scale by 1/√headDim", sites: Sites.scores
    ) { program, site, _ in
      let width = Double(program.dimensions.audioWidth)
      program.editScores(site) { $0.scale = 1 / width.squareRoot() }
    },
    Fault(
      "attention-scale", ids: [41], "scores are scaled by another factor than 1/√headDim",
      remedy: "scale by 1/√headDim, once",
      parameter: .number("times", 0.5, trying: [2], fit: .logarithmic, neutral: 1),
      sites: Sites.scores
    ) { program, site, value in program.editScores(site) { $0.scale *= value.number } },
    Fault(
      "softmax-axis", ids: [41], "softmax over the wrong axis", remedy: "normalise over the keys",
      parameter: .word("axis", ["queries", "heads"]), sites: Sites.softmaxes
    ) { program, site, value in
      program.setOperation(
        site, .softmax(Softmax(axis: Softmax.Axis(rawValue: value.word) ?? .queries)))
    },
  ]

  private static func scaleFault(
    _ slug: String, _ summary: String, _ factor: @escaping @Sendable (AttentionScores) -> Double
  ) -> Fault {
    Fault(
      slug, ids: [41], summary, remedy: "multiply q·kᵀ by 1/√headDim, once", sites: Sites.scores
    ) { program, site, _ in program.editScores(site) { $0.scale *= factor($0) } }
  }
}
