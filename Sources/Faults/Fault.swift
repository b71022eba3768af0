package import EncoderModel

/// One way in which encoder ports really break: a named rewrite of the program at a site.
///
/// The same objects serve `--inject`, the hypotheses of `explain` and the mutation tests.
package struct Fault: Sendable {
  /// Kebab-case name, stable: what `--inject` takes.
  package var slug: String
  /// Numbers in the published catalogue of real faults.
  package var ids: [Int]
  /// What the port does, in one line.
  package var summary: String
  /// What to change in the port, in one line.
  package var remedy: String
  /// A deliberate difference, or one without effect on the output: named, but no failure.
  package var isBenign: Bool
  /// What may vary; `nil` where nothing does.
  package var parameter: FaultParameter?
  /// Which sites `--inject SLUG` without a site means.
  package var defaultSites: DefaultSites
  /// The taps at which it can sit, in program order.
  package var sites: @Sendable (EncoderProgram) -> [String]
  /// Rewrites `program` at `site`. Called with a site from `sites` and a value that fits `parameter`.
  package var rewrite: @Sendable (inout EncoderProgram, _ site: String, FaultValue) -> Void

  package enum DefaultSites: Sendable {
    case all, middle
    case only(String)
  }

  package init(
    _ slug: String, ids: [Int], _ summary: String, remedy: String, isBenign: Bool = false,
    parameter: FaultParameter? = nil, defaultSites: DefaultSites = .all,
    sites: @escaping @Sendable (EncoderProgram) -> [String],
    rewrite: @escaping @Sendable (inout EncoderProgram, String, FaultValue) -> Void
  ) {
    self.slug = slug
    self.ids = ids
    self.summary = summary
    self.remedy = remedy
    self.isBenign = isBenign
    self.parameter = parameter
    self.defaultSites = defaultSites
    self.sites = sites
    self.rewrite = rewrite
  }
}

/// The variable part of a fault.
package struct FaultParameter: Sendable {
  /// E.g. `eps`, `factor`, `layer`.
  package var name: String
  /// Used where `--inject` gives none.
  package var defaultValue: FaultValue
  /// What a search tries, the default included.
  package var candidates: @Sendable (EncoderProgram, _ site: String) -> [FaultValue]
  /// What is wrong with a value at a site, or `nil` where it fits.
  package var complaint: @Sendable (FaultValue, EncoderProgram) -> String?
  /// How a search finds a value that is not listed.
  package var fit = Fit.none
  /// The value at which the fault changes nothing, where a fit starts.
  package var neutral = 0.0

  /// The kind of quantity that a parameter is, which says how a value is fitted to a tensor.
  package enum Fit: Sendable, Hashable {
    /// Listed values are all there are.
    case none
    /// A real number of any sign, by least squares.
    case linear
    /// A positive number, by least squares in its logarithm.
    case logarithmic
    /// The frame at which something starts, read off the tensor.
    case frame
    /// A shift in frames, of either sign.
    case frameShift
    /// A natural number on which the error depends smoothly.
    case count
    /// A number of frames below the audio context, found by a scan and a search around its best.
    case contextFrames
    /// The same of either sign.
    case signedFrames
    /// The largest magnitude among the values.
    case extreme
    /// The longest timescale of sinusoids, read off the first frames' angles.
    case timescale
  }

  /// A number above `minimum`; `values` are what a search tries.
  package static func number(
    _ name: String, _ defaultValue: Double, trying values: [Double] = [],
    above minimum: Double = -.infinity, fit: Fit = .none, neutral: Double = 0
  ) -> FaultParameter {
    FaultParameter(
      name: name, defaultValue: .number(defaultValue),
      candidates: { _, _ in ([defaultValue] + values).map { .number($0) } },
      complaint: { value, _ in
        guard case .number(let number) = value, number.isFinite, number > minimum else {
          return "\(name) must be a number"
            + (minimum.isFinite ? " greater than \(minimum.formatted)" : "")
        }
        return nil
      }, fit: fit, neutral: neutral)
  }

  /// A whole number in a range, or the default, which may stand for one that depends on the model; `values` are what
  /// a search tries, those outside of the range left out.
  package static func wholeNumber(
    _ name: String, _ defaultValue: Int,
    in range: @escaping @Sendable (EncoderProgram) -> ClosedRange<Int> = { _ in -limit...limit },
    trying values: @escaping @Sendable (EncoderProgram) -> [Int], fit: Fit = .none
  ) -> FaultParameter {
    FaultParameter(
      name: name, defaultValue: .number(Double(defaultValue)),
      candidates: { program, _ in
        var seen: Set<Int> = []
        return values(program).filter { range(program).contains($0) && seen.insert($0).inserted }
          .map { .number(Double($0)) }
      },
      complaint: { value, program in
        let range = range(program)
        guard case .number(let number) = value, let whole = Int(exactly: number),
          whole == defaultValue || range.contains(whole)
        else {
          return "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        }
        return nil
      }, fit: fit)
  }

  /// The largest number of frames, keys or shifts that a fault takes.
  package static let limit = 1 << 20

  /// One of a set of words.
  package static func word(_ name: String, _ words: [String]) -> FaultParameter {
    FaultParameter(
      name: name, defaultValue: .word(words.first ?? ""),
      candidates: { _, _ in words.map { .word($0) } },
      complaint: { value, _ in
        guard case .word(let word) = value, words.contains(word) else {
          return "\(name) must be one of \(words.joined(separator: ", "))"
        }
        return nil
      })
  }

  /// The index of another encoder block; −1 stands for the next one, cyclically.
  package static func layer(_ name: String) -> FaultParameter {
    FaultParameter(
      name: name, defaultValue: .number(-1),
      candidates: { program, site in
        (0..<program.dimensions.numAudioLayers).filter { !site.hasPrefix("encoder.blocks.\($0).") }
          .map { .number(Double($0)) }
      },
      complaint: { value, program in
        let count = program.dimensions.numAudioLayers
        guard case .number(let index) = value, index.rounded() == index, index >= -1,
          index < Double(count)
        else { return "\(name) must be a block from 0 to \(count - 1)" }
        return nil
      })
  }
}

/// A fault's value: a number, a word, or none.
package enum FaultValue: Sendable, Hashable, CustomStringConvertible {
  case none
  case number(Double)
  case word(String)

  /// Reads `0.234` as a number and anything else as a word.
  package init(parsing text: String) {
    self = Double(text).map { .number($0) } ?? .word(text)
  }

  package var number: Double {
    if case .number(let value) = self { value } else { .nan }
  }

  package var word: String {
    if case .word(let value) = self { value } else { "" }
  }

  package var description: String {
    switch self {
    case .none: ""
    case .number(let value): value.formatted
    case .word(let value): value
    }
  }
}

extension Double {
  /// Shortest text that reads back as this number, without a trailing `.0`.
  var formatted: String {
    let text = "\(self)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
