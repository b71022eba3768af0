/// What the reference cannot compute: inputs that do not fit an operation.
package enum ReferenceError: Error, CustomStringConvertible {
  case wrongInputCount(node: String, expected: Int, found: Int)
  case wrongShape(node: String, expected: String, found: [Int])
  case missingValue(node: String, input: String)
  case noDerivative(node: String)
  case notSplittable(node: String, channels: Int, heads: Int)

  package var description: String {
    switch self {
    case .wrongInputCount(let node, let expected, let found):
      "\(node): the operation reads \(expected) inputs, but the program gives it \(found)"
    case .wrongShape(let node, let expected, let found):
      "\(node): expected \(expected), found \(found); do program and weights belong together?"
    case .missingValue(let node, let input):
      "\(node): reads '\(input)', which no operation before it in its stage defines"
    case .noDerivative(let node):
      "\(node): errors are traced back through sound operations only, attention as a whole"
    case .notSplittable(let node, let channels, let heads):
      "\(node): \(channels) channels cannot be split among \(heads) heads"
    }
  }
}
