package import TensorIO

extension JSONObject {
  /// An object of these members, in this order.
  package init(_ members: KeyValuePairs<String, JSONValue>) {
    self.init()
    for (key, value) in members { set(key, value) }
  }
}

extension JSONValue {
  /// An object of these members, in this order.
  package static func members(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(JSONObject(members))
  }

  /// A number, or `null` where there is none or it is not finite.
  package static func figure(_ value: Double?) -> JSONValue {
    guard let value, value.isFinite else { return .null }
    return .number(value)
  }

  /// A string, or `null`.
  package static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }

  /// Text for people and `diff`: two spaces a level, short arrays of plain values on one line.
  package var indentedText: String { indented("") + "\n" }

  private func indented(_ margin: String) -> String {
    let inner = margin + "  "
    switch self {
    case .object(let object) where object.count > 0:
      let lines = object.keys.map { key in
        inner + JSONValue.string(key).text + ": " + (object[key] ?? .null).indented(inner)
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(margin)}"
    case .array(let array) where array.contains(where: { !$0.isPlain }):
      let lines = array.map { inner + $0.indented(inner) }
      return "[\n" + lines.joined(separator: ",\n") + "\n\(margin)]"
    case .object, .array, .null, .bool, .integer, .number, .string: return text
    }
  }

  private var isPlain: Bool {
    switch self {
    case .object, .array: false
    case .null, .bool, .integer, .number, .string: true
    }
  }
}
