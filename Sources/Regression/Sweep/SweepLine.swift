package import Parity
package import TensorIO

/// What a sweep keeps of one window of one input: a line of a part.
package struct SweepLine: Sendable {
  /// The input as the manifest names it.
  package var input: String
  package var window: Int
  /// How many windows the input has; a sweep is done with it when all have a line.
  package var numWindows: Int
  /// By candidate, in order; empty where the input could not be read.
  package var candidates: [(backend: String, verdict: String, first: String?, taps: [Tap])]
  /// Why nothing was compared; `nil` where it was.
  package var trouble: String?

  package struct Tap: Sendable, Equatable {
    package var name: String
    package var verdict: String
    package var relativeL2: Double?
    package var maxAbs: Double?
    package var introduced: Double?
    /// Error over bound.
    package var ratio: Double?
  }

  package init(input: String, window: Int, numWindows: Int, results: [CandidateResult]) {
    self.input = input
    self.window = window
    self.numWindows = numWindows
    candidates = results.map { result in
      (
        result.backend, result.verdict.rawValue, result.firstDivergence,
        result.taps.map { tap in
          Tap(
            name: tap.tap, verdict: tap.verdict.text, relativeL2: tap.cumulative?.relativeL2,
            maxAbs: tap.cumulative?.maxAbs, introduced: tap.introduced?.relativeL2,
            ratio: tap.introduced?.worstRatio)
        }
      )
    }
  }

  /// An input that could not be read or compared.
  package init(input: String, trouble: String) {
    self.input = input
    window = 0
    numWindows = 1
    candidates = []
    self.trouble = trouble
  }

  /// Input and window: `dir/a.flac#3`.
  package var name: String { "\(input)#\(window)" }

  /// Reads a line; `nil` where it is of another kind.
  package init?(_ value: JSONValue) {
    guard let input = value["input"]?.stringValue, let window = value["window"]?.intValue,
      let numWindows = value["windows"]?.intValue
    else { return nil }
    self.input = input
    self.window = window
    self.numWindows = numWindows
    trouble = value["trouble"]?.stringValue
    candidates = (value["candidates"]?.arrayValue ?? []).map { candidate in
      (
        candidate["backend"]?.stringValue ?? "", candidate["verdict"]?.stringValue ?? "",
        candidate["firstDivergence"]?.stringValue,
        (candidate["taps"]?.arrayValue ?? []).compactMap { Tap($0.arrayValue ?? []) }
      )
    }
  }

  /// One line of JSON without the line break.
  package var text: String {
    var root = JSONObject()
    root.set("input", .string(input))
    root.set("window", .integer(window))
    root.set("windows", .integer(numWindows))
    if let trouble { root.set("trouble", .string(trouble)) }
    root.set(
      "candidates",
      .array(
        candidates.map { candidate in
          var object = JSONObject()
          object.set("backend", .string(candidate.backend))
          object.set("verdict", .string(candidate.verdict))
          object.set("firstDivergence", candidate.first.map { .string($0) } ?? .null)
          object.set("taps", .array(candidate.taps.map(\.json)))
          return .object(object)
        }))
    return JSONValue.object(root).text
  }
}

extension SweepLine.Tap {
  init?(_ values: [JSONValue]) {
    guard values.count == 6, let name = values[0].stringValue, let verdict = values[1].stringValue
    else { return nil }
    self.init(
      name: name, verdict: verdict, relativeL2: figure(values[2]), maxAbs: figure(values[3]),
      introduced: figure(values[4]), ratio: figure(values[5]))
  }

  /// Name, verdict, relative L2, max |Δ|, introduced, ratio to the bound.
  var json: JSONValue {
    .array(
      [.string(name), .string(verdict)] + [relativeL2, maxAbs, introduced, ratio].map(written))
  }
}

/// Numbers that JSON does not know stand as text.
private func written(_ value: Double?) -> JSONValue {
  guard let value else { return .null }
  return value.isFinite ? .number(value) : .string("\(value)")
}

private func figure(_ value: JSONValue) -> Double? {
  value.doubleValue ?? value.stringValue.flatMap { Double($0) }
}
