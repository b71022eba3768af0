/// What can be wrong with a program that is to be run as a graph.
package enum GraphError: Error, CustomStringConvertible {
  case undefinedValue(name: String, reader: String)
  case wrongInputCount(node: String, expected: Int, found: Int)
  case wrongShape(value: String, expected: [Int], found: [Int])
  case malformed(String)

  package var description: String {
    switch self {
    case .undefinedValue(let name, let reader):
      "graph: \(reader) reads '\(name)', which no earlier node defines; check the program's order"
    case .wrongInputCount(let node, let expected, let found):
      "graph: '\(node)' should read \(expected) values, but reads \(found)"
    case .wrongShape(let value, let expected, let found):
      "graph: '\(value)' should have shape \(expected), but has \(found)"
    case .malformed(let reason): "graph: \(reason)"
    }
  }
}
