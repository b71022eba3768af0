/// What keeps the BLAS backend from computing a program.
package enum BLASError: Error, CustomStringConvertible {
  case wrongShape(node: String, expected: String, found: [Int])
  case libraryMissing
  case missingValue(node: String, input: String)

  package var description: String {
    switch self {
    case .libraryMissing:
      "blas: OpenBLAS cannot be loaded; install libopenblas-dev, or leave 'blas' out of --backends"
    case .wrongShape(let node, let expected, let found):
      "blas: '\(node)' takes \(expected), but got \(found)"
    case .missingValue(let node, let input):
      "blas: '\(node)' reads '\(input)', which nothing before it computes"
    }
  }
}
