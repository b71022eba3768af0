/// A value of a TOML text and the line it stands on.
struct TOMLNode: Equatable {
  indirect enum Value: Equatable {
    case text(String)
    case number(Double)
    case truth(Bool)
    case list([TOMLNode])
    case table(TOMLTable)
  }

  var value: Value
  /// From 1; `nil` for the whole text.
  var line: Int?
}

/// The members of a TOML table in the order of the text.
struct TOMLTable: Equatable {
  var members: [(key: String, value: TOMLNode)] = []
  var origin = Origin.implicit

  enum Origin {
    /// Only named on the way to a deeper one so far.
    case implicit
    case header
    /// Stands in braces: nothing may be added.
    case inline
  }

  static func == (left: TOMLTable, right: TOMLTable) -> Bool {
    left.members.elementsEqual(right.members) { $0.key == $1.key && $0.value == $1.value }
  }

  subscript(key: String) -> TOMLNode? { members.first { $0.key == key }?.value }

  /// Puts `value` at the end of `keys`, making tables on the way.
  /// - Returns: the key that is taken already; `nil` where all went well.
  mutating func set(_ keys: ArraySlice<String>, _ value: TOMLNode) -> String? {
    guard let key = keys.first else { return nil }
    let index = members.firstIndex { $0.key == key }
    guard keys.count > 1 else {
      guard let index else {
        members.append((key, value))
        return nil
      }
      // A header may name a table that only deeper headers have made so far.
      guard case .table(var known) = members[index].value.value, known.origin == .implicit,
        case .table(let new) = value.value, new.origin == .header
      else { return key }
      known.origin = .header
      members[index].value.value = .table(known)
      return nil
    }
    var inner = TOMLTable()
    if let index {
      guard case .table(let known) = members[index].value.value, known.origin != .inline else {
        return key
      }
      inner = known
    }
    if let taken = inner.set(keys.dropFirst(), value) { return taken }
    if let index {
      members[index].value.value = .table(inner)
    } else {
      members.append((key, TOMLNode(value: .table(inner), line: value.line)))
    }
    return nil
  }
}
