/// JSON as it stands in headers, configurations and tokenizers.

/// A JSON value; objects keep their order and hold no key twice.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent that fits 64 bits.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The member `key` of an object; `nil` otherwise.
  package subscript(key: String) -> JSONValue? { objectValue?[key] }

  package var objectValue: JSONObject? {
    if case .object(let object) = self { object } else { nil }
  }

  package var arrayValue: [JSONValue]? {
    if case .array(let array) = self { array } else { nil }
  }

  package var stringValue: String? {
    if case .string(let string) = self { string } else { nil }
  }

  package var intValue: Int? {
    if case .integer(let integer) = self { integer } else { nil }
  }

  package var boolValue: Bool? {
    if case .bool(let bool) = self { bool } else { nil }
  }

  /// A number of either kind.
  package var doubleValue: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  /// The kind in words, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// The members of a JSON object in their order.
package struct JSONObject: Sendable, Equatable {
  package private(set) var keys: [String] = []
  private var values: [String: JSONValue] = [:]

  package init() {}

  package var count: Int { keys.count }

  package subscript(key: String) -> JSONValue? { values[key] }

  /// Appends or replaces a member; answers whether the key was new.
  @discardableResult
  package mutating func set(_ key: String, _ value: JSONValue) -> Bool {
    let isNew = values.updateValue(value, forKey: key) == nil
    if isNew { keys.append(key) }
    return isNew
  }
}

extension JSONValue {
  /// Compact JSON text: members in their order, ASCII control characters escaped.
  package var text: String {
    switch self {
    case .null: "null"
    case .bool(let bool): bool ? "true" : "false"
    case .integer(let integer): String(integer)
    case .number(let number): number.isFinite ? "\(number)" : "null"
    case .string(let string): jsonQuoted(string)
    case .array(let array): "[" + array.map(\.text).joined(separator: ",") + "]"
    case .object(let object):
      "{"
        + object.keys.map { jsonQuoted($0) + ":" + (object[$0]?.text ?? "null") }
        .joined(separator: ",") + "}"
    }
  }
}

/// `string` in quotes with JSON's escapes.
func jsonQuoted(_ string: String) -> String {
  var result = "\""
  for scalar in string.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
