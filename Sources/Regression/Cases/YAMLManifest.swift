import Yams

/// Parses a case's manifest that is written in YAML.
struct YAMLManifest {
  let path: String

  /// The manifest's mapping.
  /// - Throws: `CaseError`.
  func parse(_ text: String) throws(CaseError) -> Node {
    try checkAliases(text)
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

  /// Together with the limit on a manifest's size, this bounds the work of expanding.
  private static let maximumAliases = 16

  /// An alias stands for all that its anchor holds, aliases of others included, and the parser
  /// hashes keys in full: a short text of aliases could take it for ever.
  private func checkAliases(_ text: String) throws(CaseError) {
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
}
