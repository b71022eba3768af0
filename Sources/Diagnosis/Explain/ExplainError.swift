/// What keeps a search from being made.
package enum ExplainError: Error, CustomStringConvertible {
  case missingValue(String)
  case nothingShown(String)

  package var description: String {
    switch self {
    case .missingValue(let tap): "no value of '\(tap)' is to be had"
    case .nothingShown(let name):
      "\(name): shows no tap of this model; 'encoder-diff align' tells what it holds"
    }
  }
}
