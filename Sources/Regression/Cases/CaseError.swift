import TensorIO

/// What is wrong with a manifest, and where.
package struct CaseError: Error, CustomStringConvertible {
  package let path: String
  /// From 1; `nil` where it is about the whole file.
  package let line: Int?
  package let reason: String

  /// One line, whatever the manifest's keys and values hold.
  package var description: String {
    printable(path, limit: 300) + (line.map { ":\($0)" } ?? "") + ": "
      + printable(reason, limit: 1000)
  }
}
