package import Parity
package import TensorIO

/// What the cases came to when somebody last looked and agreed: figures beside which drift is judged.
package struct Baseline: Sendable, Equatable {
  /// By case and candidate.
  package var cases: [String: [String: CandidateFigures]]

  package init(cases: [String: [String: CandidateFigures]] = [:]) { self.cases = cases }

  package static let fileName = "baseline.json"
  private static let schema = "encoder-diff.baseline/1"

  /// Reads a baseline; an empty one where the file does not exist.
  /// - Throws: `TensorIOError`, `CaseError` for another document.
  package init(contentsOf path: String, exists: Bool) throws {
    guard exists else {
      self.init()
      return
    }
    let document = try parseJSONFile(path)
    guard document["schema"]?.stringValue == Self.schema,
      let cases = document["cases"]?.objectValue
    else {
      throw CaseError(
        path: path, line: nil, reason: "is no baseline; its schema must be \(Self.schema)")
    }
    var result: [String: [String: CandidateFigures]] = [:]
    for name in cases.keys {
      guard let candidates = cases[name]?.objectValue else { continue }
      for candidate in candidates.keys {
        result[name, default: [:]][candidate] = CandidateFigures(candidates[candidate] ?? .null)
      }
    }
    self.init(cases: result)
  }

  /// The document, a line a tap, sorted: what `diff` shows well.
  package var json: JSONValue {
    var all = JSONObject()
    for (name, candidates) in cases.sorted(by: { $0.key < $1.key }) {
      var one = JSONObject()
      for (candidate, figures) in candidates.sorted(by: { $0.key < $1.key }) {
        one.set(candidate, figures.json)
      }
      all.set(name, .object(one))
    }
    var root = JSONObject()
    root.set("schema", .string(Self.schema))
    root.set("cases", .object(all))
    return .object(root)
  }
}

/// One candidate's verdict and its errors, to three digits.
package struct CandidateFigures: Sendable, Equatable {
  package var verdict: String
  package var firstDivergence: String?
  /// In program order.
  package var taps: [(name: String, errors: TapErrors)]

  package static func == (left: CandidateFigures, right: CandidateFigures) -> Bool {
    left.verdict == right.verdict && left.firstDivergence == right.firstDivergence
      && left.taps.elementsEqual(right.taps) { $0.name == $1.name && $0.errors == $1.errors }
  }

  package init(
    verdict: String, firstDivergence: String?, taps: [(name: String, errors: TapErrors)]
  ) {
    self.verdict = verdict
    self.firstDivergence = firstDivergence
    self.taps = taps
  }

  package init(_ result: CandidateResult) {
    verdict = result.verdict.rawValue
    firstDivergence = result.firstDivergence
    taps = result.taps.map { tap in
      (
        tap.tap,
        TapErrors(
          cumulative: tap.cumulative?.relativeL2.map(rounded),
          introduced: tap.introduced?.relativeL2.map(rounded))
      )
    }
  }

  /// Reads what `json` writes; what does not fit is left out.
  init(_ value: JSONValue) {
    verdict = value["verdict"]?.stringValue ?? ""
    firstDivergence = value["firstDivergence"]?.stringValue
    let object = value["taps"]?.objectValue ?? JSONObject()
    taps = object.keys.map { name in
      let pair = object[name]?.arrayValue ?? []
      return (
        name,
        TapErrors(
          cumulative: pair.first?.doubleValue, introduced: pair.dropFirst().first?.doubleValue)
      )
    }
  }

  var json: JSONValue {
    var object = JSONObject()
    object.set("verdict", .string(verdict))
    object.set("firstDivergence", firstDivergence.map { .string($0) } ?? .null)
    var errors = JSONObject()
    for tap in taps {
      errors.set(tap.name, .array([number(tap.errors.cumulative), number(tap.errors.introduced)]))
    }
    object.set("taps", .object(errors))
    return .object(object)
  }

  package func errors(of tap: String) -> TapErrors? { taps.first { $0.name == tap }?.errors }
}

/// Relative L2 at one tap.
package struct TapErrors: Sendable, Equatable {
  package var cumulative: Double?
  package var introduced: Double?
}

private func number(_ value: Double?) -> JSONValue {
  value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null
}

/// Three significant digits, so that a baseline changes only where figures do.
private func rounded(_ value: Double) -> Double {
  guard value != 0, value.isFinite else { return value }
  var scale = 1.0
  while abs(value) * scale < 100 { scale *= 10 }
  while abs(value) * scale >= 1000 { scale /= 10 }
  return (value * scale).rounded() / scale
}
