/// Which taps a run observes: a named set, or globs.
package enum TapSelection: Sendable, Hashable {
  /// Stem, embed, `attn_residual`, block outputs, `ln_post`.
  case layers
  /// Every operation but scores and probabilities.
  case operations
  case all
  /// Shell globs over tap names; `*` matches any run of characters, `?` one.
  case globs([String])

  /// Parses `layers`, `ops`, `all`, or a comma-separated list of globs.
  package init(_ text: String) {
    switch text {
    case "layers": self = .layers
    case "ops": self = .operations
    case "all": self = .all
    default: self = .globs(text.split(separator: ",").map(String.init))
    }
  }

  /// Whether `node` belongs to the selection. The mel always does.
  package func contains(_ node: ProgramNode) -> Bool {
    guard node.isTap else { return false }
    if node.name == "mel" { return true }
    switch self {
    case .all: return true
    case .operations: return !node.isAttentionMap
    case .layers:
      switch node.stage {
      case .stem, .lnPost: return true
      case .block:
        return node.name == node.stage.outputTap || node.name.hasSuffix(".attn_residual")
      }
    case .globs(let globs): return globs.contains { globMatches($0, node.name) }
    }
  }

  /// The selected tap names of `program`, in order.
  package func names(in program: EncoderProgram) -> [String] {
    program.nodes.filter(contains).map(\.name)
  }
}

/// Whether `text` matches a shell glob of `*` and `?`.
package func globMatches(_ glob: String, _ text: String) -> Bool {
  let pattern = Array(glob.utf8)
  let target = Array(text.utf8)
  var p = 0
  var t = 0
  var star: (pattern: Int, target: Int)?
  while t < target.count {
    if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
      star = (p, t)
      p += 1
    } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == target[t] {
      p += 1
      t += 1
    } else if let last = star {
      p = last.pattern + 1
      t = last.target + 1
      star = (last.pattern, t)
    } else {
      return false
    }
  }
  return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
}
