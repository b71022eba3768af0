import Yams

/// A value of a case's manifest and the line it stands on, in whichever language it is written.
enum ManifestNode {
  case yaml(Node)
  case toml(TOMLNode)

  /// From 1; `nil` where nobody knows.
  var line: Int? {
    switch self {
    case .yaml(let node): node.mark?.line
    case .toml(let node): node.line
    }
  }

  /// A text; in YAML any scalar is one.
  var text: String? {
    switch self {
    case .yaml(let node): node.scalar?.string
    case .toml(let node): if case .text(let text) = node.value { text } else { nil }
    }
  }

  var number: Double? {
    switch self {
    case .yaml(let node): node.scalar.flatMap { Double($0.string) }
    case .toml(let node): if case .number(let number) = node.value { number } else { nil }
    }
  }

  var list: [ManifestNode]? {
    switch self {
    case .yaml(let node): node.sequence?.map { .yaml($0) }
    case .toml(let node):
      if case .list(let list) = node.value { list.map { .toml($0) } } else { nil }
    }
  }

  /// The keys of a mapping in their order, a key that is no text as `nil`.
  var keys: [(text: String?, line: Int?)]? {
    switch self {
    case .yaml(let node): node.mapping?.map { ($0.key.string, $0.key.mark?.line) }
    case .toml(let node):
      if case .table(let table) = node.value {
        table.members.map { ($0.key, $0.value.line) }
      } else {
        nil
      }
    }
  }

  /// The member `key` of a mapping.
  subscript(key: String) -> ManifestNode? {
    switch self {
    case .yaml(let node): node[key].map { .yaml($0) }
    case .toml(let node):
      if case .table(let table) = node.value {
        table[key].map { .toml($0) }
      } else {
        nil
      }
    }
  }
}
