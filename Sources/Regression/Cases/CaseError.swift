/// What is wrong with a manifest, and where.
package struct CaseError: Error, CustomStringConvertible {
  package let path: String
  /// From 1; `nil` where it is about the whole file.
  package let line: Int?
  package let reason: String

  package var description: String {
    path + (line.map { ":\($0)" } ?? "") + ": " + reason
  }
}
