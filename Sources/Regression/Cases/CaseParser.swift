import EncoderModel
import TensorIO
import Yams

/// Reads a case's YAML manifest; every complaint names its line.
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
      throw error("names no model; write 'model: PATH' or 'model: synthetic:tiny'", root)
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

  private func document(_ text: String) throws(CaseError) -> Node {
    try checkSize(text)
    do {
      guard let node = try Yams.compose(yaml: text), node.mapping != nil else {
        throw CaseError(path: path, line: 1, reason: "is no mapping; see 'encoder-diff help check'")
      }
      return node
    } catch let error as CaseError {
      throw error
    } catch YamlError.scanner(_, let problem, let mark, _),
      YamlError.parser(_, let problem, let mark, _)
    {
      throw CaseError(path: path, line: mark.line, reason: "is no YAML: \(problem)")
    } catch {
      throw CaseError(path: path, line: nil, reason: "is no YAML")
    }
  }

  /// No case that people write comes near either; both together bound the work of expanding.
  private static let maximumBytes = 1 << 18
  private static let maximumAliases = 16

  /// An alias stands for all that its anchor holds, aliases of others included, and the parser
  /// hashes keys in full: a short text of aliases could take it for ever.
  private func checkSize(_ text: String) throws(CaseError) {
    guard text.utf8.count <= Self.maximumBytes else {
      throw CaseError(
        path: path, line: nil, reason: "is no case: larger than \(Self.maximumBytes) bytes")
    }
    var numAliases = 0
    var before = UInt8(ascii: "\n")
    for byte in text.utf8 {
      if byte == UInt8(ascii: "*") && Self.precedeNodes.contains(before) { numAliases += 1 }
      before = byte
    }
    guard numAliases <= Self.maximumAliases else {
      throw CaseError(
        path: path, line: nil,
        reason: "has more than \(Self.maximumAliases) YAML aliases (*name); write values out")
    }
  }

  /// An alias stands at the start of a line, or behind one of these.
  private static let precedeNodes: Set<UInt8> = Set("\n\r\t [{,:-?".utf8)

  private func input(_ root: Node, hasGolden: Bool) throws(CaseError) -> CheckCase.Input {
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

  private func precision(_ root: Node) throws(CaseError) -> NumberFormat? {
    guard let text = try string(root, "precision") else { return nil }
    guard let format = NumberFormat(rawValue: text) else {
      let known = NumberFormat.allCases.map(\.rawValue).joined(separator: ", ")
      throw error("precision '\(text)' is not one of \(known)", root["precision"] ?? root)
    }
    return format
  }

  private func expectation(_ node: Node?, hasFaults: Bool) throws(CaseError) -> Expectation {
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

  private func budget(_ node: Node?) throws(CaseError) -> Budget {
    guard let node else { return Budget(drift: Budget.defaultDrift) }
    try checkKeys(node, ["seconds", "drift"], of: "budget")
    let drift = try number(node, "drift", of: "budget") ?? Budget.defaultDrift
    guard drift >= 1 else { throw error("'drift' is a factor of at least 1", node) }
    return Budget(seconds: try number(node, "seconds", of: "budget"), drift: drift)
  }
}

extension CaseParser {
  private func error(_ reason: String, _ node: Node) -> CaseError {
    CaseError(path: path, line: node.mark?.line, reason: reason)
  }

  private func checkKeys(_ node: Node, _ known: Set<String>, of what: String) throws(CaseError) {
    guard let mapping = node.mapping else { throw error("'\(what)' is no mapping", node) }
    for (key, _) in mapping {
      guard let text = key.string, known.contains(text) else {
        throw error(
          "unknown key '\(key.string ?? "?")'; \(what) has \(known.sorted().joined(separator: ", "))",
          key)
      }
    }
  }

  /// Paths in a manifest are relative to its folder.
  private func resolved(_ text: String) -> String {
    text.hasPrefix("/") ? text : parentFolder(of: path) + "/" + text
  }

  private func string(_ node: Node, _ key: String) throws(CaseError) -> String? {
    guard let value = node[key] else { return nil }
    guard let text = value.scalar?.string else { throw error("'\(key)' is no text", value) }
    return text
  }

  private func strings(_ node: Node, _ key: String) throws(CaseError) -> [String]? {
    guard let value = node[key] else { return nil }
    if let single = value.scalar?.string { return [single] }
    guard let list = value.sequence?.map({ $0.scalar?.string }), !list.contains(nil) else {
      throw error("'\(key)' is no list of texts", value)
    }
    return list.compactMap { $0 }
  }

  private func number(_ node: Node, _ key: String, of what: String) throws(CaseError) -> Double? {
    guard let value = node[key] else { return nil }
    guard let number = value.scalar.flatMap({ Double($0.string) }), number.isFinite, number >= 0
    else { throw error("'\(key)' of \(what) is no number from 0", value) }
    return number
  }
}

/// The folder that `path` stands in.
func parentFolder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
