import EncoderModel

/// Faults of the position table and of how it is added.
enum PositionFaults {
  static let all: [Fault] = [
    Fault(
      "position-missing", ids: [35], "the positional embedding is not added",
      remedy: "add encoder.positional_embedding after the second GELU", sites: embed
    ) { program, site, _ in program.bypass(site) },
    positionFault(
      "position-twice", ids: [35], "the positional embedding is added twice",
      remedy: "add the positional embedding once", .scaled(2)),
    Fault(
      "position-scaled", ids: [35], "the positional embedding is multiplied by a constant",
      remedy: "add the positional embedding as it is",
      parameter: .number("factor", 0.5, fit: .linear, neutral: 1), sites: embed
    ) { program, site, value in program.editPosition(site) { $0.applying(.scaled(value.number)) } },
    Fault(
      "embedding-scaled", ids: [35],
      "the stem's output is multiplied by a constant before the positions are added",
      remedy: "add the positions to the second GELU as it is: scale_embedding is false in Whisper",
      parameter: FaultParameter(
        name: "factor", defaultValue: .number(2),
        candidates: { program, _ in
          [.number(Double(program.dimensions.audioWidth).squareRoot())]
        },
        complaint: { value, _ in value.number.isFinite ? nil : "factor must be a number" },
        fit: .linear, neutral: 1), sites: embed
    ) { program, site, value in
      guard let node = program.node(named: site) else { return }
      program.insertBefore(
        site, suffix: "scaled", operation: .transform(.scaled(value.number)), shape: node.shape)
    },
    Fault(
      "position-offset", ids: [34], "the positions start at another frame than 0",
      remedy: "let frame 0 have position 0",
      // 2 is fairseq's and BART's offset behind the padding token.
      parameter: .wholeNumber("first", 1, trying: { _ in [1, 2, -1] }), sites: embed
    ) { program, site, value in
      program.editPosition(site) { $0.applying(.sinusoidsFrom(Int(value.number))) }
    },
    positionFault(
      "position-interleaved", ids: [32],
      "sines and cosines alternate along the channels instead of standing in two halves",
      remedy: "concatenate all sines, then all cosines", .halvesInterleaved),
    positionFault(
      "position-timescale", ids: [33], "the timescale is divided by C/2 instead of C/2 − 1",
      remedy: "log_timescale_increment = ln(10000)/(C/2 − 1)", .sinusoids(.halfWidthTimescale)),
    Fault(
      "position-base", ids: [33], "the longest timescale of the positions is not 10000",
      remedy: "max_timescale = 10000: log_timescale_increment = ln(10000)/(C/2 − 1)",
      parameter: .number(
        "timescale", 1000, trying: [1e5, 500_000], above: 1, fit: .timescale, neutral: 10000),
      sites: embed
    ) { program, site, value in
      program.editPosition(site) { $0.applying(.sinusoidsWithBase(value.number)) }
    },
    Fault(
      "position-rounded", ids: [50], "the position table is stored in a lower precision",
      remedy: "keep the positions in f32, or declare the precision with --expect",
      parameter: .word("format", ["bf16", "f16"]), sites: embed
    ) { program, site, value in
      let format = NumberFormat(rawValue: value.word) ?? .bfloat16
      program.editPosition(site) { $0.applying(.rounded(format)) }
    },
    Fault(
      "position-computed-in", ids: [50], "the sinusoids are computed in a lower precision",
      remedy: "compute the positions in f32, or read the checkpoint's table",
      parameter: .word("format", ["f16", "bf16"]), sites: embed
    ) { program, site, value in
      let format = NumberFormat(rawValue: value.word) ?? .float16
      program.editPosition(site) { $0.applying(.sinusoidsComputed(in: format)) }
    },
    positionFault(
      "position-recomputed", ids: [32], "the sinusoids are computed anew instead of read",
      remedy: "nothing needs to change; read the checkpoint's table for exact parity",
      isBenign: true, .sinusoids(.whisper)),
    positionFault(
      "position-cosine-first", ids: [32], "the cosines stand before the sines",
      remedy: "concatenate [sin, cos]", .sinusoids(.cosineFirst)),
    shortTable(
      "position-table-short", "the position table ends early; frames beyond it get no position"
    ) { .rowsTruncated(count: $0) },
    shortTable(
      "position-table-clamped",
      "the position table ends early; frames beyond it get the last position"
    ) { .rowsClamped(count: $0) },
    shortTable(
      "position-table-wrapped",
      "the position table ends early; frames beyond it begin again at position 0"
    ) { .rowsWrapped(count: $0) },
  ]

  private static func shortTable(
    _ slug: String, _ summary: String, _ transform: @escaping @Sendable (Int) -> WeightTransform
  ) -> Fault {
    Fault(
      slug, ids: [34], summary, remedy: "use a table as long as the audio context",
      parameter: .wholeNumber(
        "frames", -1, in: { 0...max($0.dimensions.numAudioContext - 1, 0) },
        trying: { program in
          let frames = program.dimensions.numAudioContext
          return [frames / 2, frames - 1, 448].filter { $0 > 0 }
        }, fit: .frame), sites: embed
    ) { program, site, value in
      let count = value.number < 0 ? program.dimensions.numAudioContext / 2 : Int(value.number)
      program.editPosition(site) { $0.applying(transform(count)) }
    }
  }

  @Sendable private static func embed(_ program: EncoderProgram) -> [String] { ["encoder.embed"] }

  private static func positionFault(
    _ slug: String, ids: [Int], _ summary: String, remedy: String, isBenign: Bool = false,
    _ transform: WeightTransform
  ) -> Fault {
    Fault(slug, ids: ids, summary, remedy: remedy, isBenign: isBenign, sites: embed) {
      program, site, _ in
      program.editPosition(site) { $0.applying(transform) }
    }
  }
}

extension EncoderProgram {
  /// Changes the position table at `site`.
  fileprivate mutating func editPosition(
    _ site: String, _ change: (WeightReference) -> WeightReference
  ) {
    edit(site) { node in
      guard case .addPosition(let table) = node.operation else { return }
      node.operation = .addPosition(change(table))
    }
  }
}
