package import AudioFrontEnd
package import EncoderModel
package import Faults

/// What may be wrong with a candidate: faults of the encoder, of the front-end, or both.
package struct Hypothesis: Sendable {
  package var faults: [FaultInstance]
  package var frontEnd: [FrontEndFault]
  /// Whether `faults` are one fault at many sites: a habit of the port, not a coincidence.
  package var isSystematic: Bool

  package init(
    faults: [FaultInstance] = [], frontEnd: [FrontEndFault] = [], isSystematic: Bool = false
  ) {
    self.faults = faults
    self.frontEnd = frontEnd
    self.isSystematic = isSystematic
  }

  /// The program with all encoder faults in it.
  package func applied(to program: EncoderProgram) -> EncoderProgram {
    program.applying(faults)
  }

  /// The front-end with all of its faults in it.
  package var frontEndOptions: FrontEndOptions {
    frontEnd.reduce(.whisper) { $1.applied(to: $0) }
  }

  /// Unique among the hypotheses of one search.
  package var key: String {
    (frontEnd.map(\.name) + faults.map(\.description)).joined(separator: " + ")
  }

  /// The same for people: a systematic fault by the number of its places.
  package var title: String {
    guard isSystematic, let first = faults.first, faults.count > 2 else { return key }
    return "\(first.name) at \(faults.count) places from \(first.site) on"
  }

  /// Faults and sites without their values.
  var place: String {
    faults.map { "\($0.fault.slug)@\($0.site)" }.joined(separator: " + ")
  }

  /// Gives fault number `index` another value, and with a systematic one all of them.
  mutating func vary(_ index: Int, to value: Double) {
    for other in faults.indices where other == index || isSystematic {
      faults[other] = FaultInstance(
        fault: faults[other].fault, site: faults[other].site, value: .number(value))
    }
  }

  /// How many things must have gone wrong.
  package var numCauses: Int { frontEnd.count + (isSystematic ? 1 : faults.count) }

  /// The most significant digits that one of its front-end's values has.
  var numDigits: Int { frontEnd.map(\.numDigits).max() ?? 0 }

  /// Both at once.
  package func with(_ other: Hypothesis) -> Hypothesis {
    Hypothesis(faults: faults + other.faults, frontEnd: frontEnd + other.frontEnd)
  }

  /// Among hypotheses that the data cannot tell apart, the one that ports really have comes first:
  /// fewer causes, named faults before bare transforms of a tensor, roundings of stored weights
  /// before roundings inside products.
  var prior: Double {
    let generic = faults.map(\.fault.genericness).max() ?? 0
    // Within f16's range tf32 is f16; nobody stores values in it, and few multiply in it.
    let isOdd = faults.contains {
      $0.fault.slug == "tf32-products"
        || ($0.fault.slug == "activations-rounded" && $0.value == .word("tf32"))
    }
    return Double(numCauses) + generic + (isOdd ? 0.01 : 0)
  }
}

extension FrontEndFault {
  /// The most significant digits of a number in its value: 1 for `1e-5`, 5 for `7.7053`, 0 where the
  /// slug says everything.
  var numDigits: Int {
    value.split { !"0123456789.e-+".contains($0) }.map { number in
      let mantissa = number.split(separator: "e").first ?? ""
      let digits = mantissa.filter(\.isNumber).drop { $0 == "0" }
      let isWhole = !mantissa.contains(".")
      return isWhole ? digits.reversed().drop { $0 == "0" }.count : digits.count
    }.max() ?? 0
  }
}

extension Fault {
  /// 0 for faults that name a mistake, more for those that merely describe a changed tensor.
  var genericness: Double {
    switch slug {
    case "scaled", "offset", "frames-shifted", "frames-reversed", "channels-reversed",
      "frames-zeroed", "stale-rows", "memory-transposed":
      0.5
    case "weights-random", "attention-scale", "weights-of-other-operation": 0.25
    case "activations-rounded", "computed-in": 0.3
    // A sum that is scaled says more than a tensor that is.
    case "residual-scaled", "branch-scaled", "position-scaled", "embedding-scaled": 0.1
    default: 0
    }
  }

  /// Whether values are rounded while the encoder runs, so that a last place before the rounding
  /// may be a whole step after it.
  var roundsActivations: Bool {
    Self.rounding.contains(slug) || slug == "gelu-tanh-table"
  }

  private static let rounding: Set<String> = [
    "bf16-products", "f16-products", "tf32-products", "int8-products", "activations-rounded",
    "attention-maps-rounded", "operands-quantized", "computed-in",
  ]

  /// Whether the fault changes little, on any input.
  var isSmall: Bool {
    isOfPrecision
      || [
        "layer-norm-eps", "layer-norm-eps-outside", "layer-norm-sample-variance",
        "gelu-erf-polynomial", "position-rounded", "position-computed-in", "gelu-tanh",
        "gelu-tanh-table",
        "key-bias-added",
      ].contains(slug)
  }

  /// Whether an engine does it to all operations of a kind, never to one alone.
  var isEngineWide: Bool { slug == "operands-quantized" }

  /// Whether the fault is one of precision.
  var isOfPrecision: Bool {
    Self.rounding.contains(slug) || ["weights-quantized", "weights-rounded"].contains(slug)
  }
}

extension FaultInstance {
  /// The number format that the fault reduces precision to, where it is one of those.
  package var numberFormat: NumberFormat? {
    switch fault.slug {
    case "bf16-products": .bfloat16
    case "f16-products": .float16
    case "tf32-products": .tf32
    case "int8-products": .int8
    case "activations-rounded", "attention-maps-rounded", "weights-rounded", "computed-in":
      NumberFormat(rawValue: value.word)
    case "weights-quantized": OperandCoding(name: value.word)?.format
    case "operands-quantized": QuantizedOperands(name: value.word)?.weights.format
    default: nil
    }
  }
}
