import EncoderModel
import TensorIO

/// Reads a case's manifest, YAML or TOML; every complaint names its line.
struct CaseParser {
  let path: String

  private static let keys: Set = [
    "model", "audio", "mel", "window", "backends", "inject", "taps", "precision", "golden",
    "expect", "budget",
  ]

  /// - Throws: `CaseError`.
  func parse(_ text: String, name: String) throws(CaseError) -> CheckCase {
    let root = try document(text)
    try checkKeys(root, Self.keys, of: "a case")
    let golden = try string(root, "golden").map(resolved)
    guard let model = try string(root, "model") else {
      throw error("names no model; give 'model' a path, or synthetic:tiny", root)
    }
    let faults = try strings(root, "inject") ?? []
    return CheckCase(
      name: name, path: path, model: model.contains(":") ? model : resolved(model),
      input: try input(root, hasGolden: golden != nil),
      backends: try strings(root, "backends") ?? ["reference", "blas", "graph"], faults: faults,
      taps: try string(root, "taps") ?? "ops", precision: try precision(root), golden: golden,
      expected: try expectation(root["expect"], hasFaults: !faults.isEmpty),
      budget: try budget(root["budget"]))
  }

  private func document(_ text: String) throws(CaseError) -> ManifestNode {
    guard text.utf8.count <= Self.maximumBytes else {
      throw CaseError(
        path: path, line: nil, reason: "is no case: larger than \(Self.maximumBytes) bytes")
    }
    guard !text.contains("\u{FFFD}") else {
      throw CaseError(path: path, line: nil, reason: "is no text in UTF-8")
    }
    guard path.hasSuffix(".toml") else {
      return .yaml(try YAMLManifest(path: path).parse(text))
    }
    var parser = TOMLParser(path: path, text: text)
    return .toml(TOMLNode(value: .table(try parser.parse()), line: nil))
  }

  /// No case that people write comes near.
  private static let maximumBytes = 1 << 18

  private func input(_ root: ManifestNode, hasGolden: Bool) throws(CaseError) -> CheckCase.Input {
    let window = try number(root, "window", of: "a case")
    switch (try string(root, "audio"), try string(root, "mel")) {
    case (let audio?, nil):
      guard let index = Int(exactly: window ?? 0), index >= 0 else {
        throw error("'window' takes a number from 0", root["window"] ?? root)
      }
      return .audio(resolved(audio), window: index)
    case (nil, let mel?): return .mel(resolved(mel))
    case (nil, nil) where hasGolden: return .golden
    default: throw error("needs one of 'audio', 'mel' and 'golden' to start from", root)
    }
  }

  private func precision(_ root: ManifestNode) throws(CaseError) -> NumberFormat? {
    guard let text = try string(root, "precision") else { return nil }
    guard let format = NumberFormat(rawValue: text) else {
      let known = NumberFormat.allCases.map(\.rawValue).joined(separator: ", ")
      throw error("precision '\(text)' is not one of \(known)", root["precision"] ?? root)
    }
    return format
  }

  private func expectation(_ node: ManifestNode?, hasFaults: Bool) throws(CaseError) -> Expectation
  {
    guard let node else {
      return Expectation(verdict: hasFaults ? "divergent" : "parity")
    }
    try checkKeys(node, ["verdict", "first", "transcript"], of: "expect")
    let verdict = try string(node, "verdict") ?? (hasFaults ? "divergent" : "parity")
    guard ["parity", "reduced-precision", "divergent"].contains(verdict) else {
      throw error(
        "verdict '\(verdict)' is not one of parity, reduced-precision, divergent",
        node["verdict"] ?? node)
    }
    return Expectation(
      verdict: verdict, firstDivergence: try string(node, "first"),
      transcript: try string(node, "transcript"))
  }

  private func budget(_ node: ManifestNode?) throws(CaseError) -> Budget {
    guard let node else { return Budget(drift: Budget.defaultDrift) }
    try checkKeys(node, ["seconds", "drift"], of: "budget")
    let drift = try number(node, "drift", of: "budget") ?? Budget.defaultDrift
    guard drift >= 1 else { throw error("'drift' is a factor of at least 1", node) }
    return Budget(seconds: try number(node, "seconds", of: "budget"), drift: drift)
  }
}

extension CaseParser {
  private func error(_ reason: String, _ node: ManifestNode) -> CaseError {
    CaseError(path: path, line: node.line, reason: reason)
  }

  private func checkKeys(
    _ node: ManifestNode, _ known: Set<String>, of what: String
  ) throws(CaseError) {
    guard let keys = node.keys else { throw error("'\(what)' is no mapping", node) }
    for key in keys where !known.contains(key.text ?? "") {
      throw CaseError(
        path: path, line: key.line,
        reason: "unknown key '\(key.text ?? "?")'; \(what) has "
          + known.sorted().joined(separator: ", "))
    }
  }

  /// Paths in a manifest are relative to its folder.
  private func resolved(_ text: String) -> String {
    text.hasPrefix("/") ? text : parentFolder(of: path) + "/" + text
  }

  private func string(_ node: ManifestNode, _ key: String) throws(CaseError) -> String? {
    guard let value = node[key] else { return nil }
    guard let text = value.text else { throw error("'\(key)' is no text", value) }
    return text
  }

  private func strings(_ node: ManifestNode, _ key: String) throws(CaseError) -> [String]? {
    guard let value = node[key] else { return nil }
    if let single = value.text { return [single] }
    guard let list = value.list?.map(\.text), !list.contains(nil) else {
      throw error("'\(key)' is no list of texts", value)
    }
    return list.compactMap { $0 }
  }

  private func number(
    _ node: ManifestNode, _ key: String, of what: String
  ) throws(CaseError) -> Double? {
    guard let value = node[key] else { return nil }
    guard let number = value.number, number.isFinite, number >= 0 else {
      throw error("'\(key)' of \(what) is no number from 0", value)
    }
    return number
  }
}

/// The folder that `path` stands in.
func parentFolder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
