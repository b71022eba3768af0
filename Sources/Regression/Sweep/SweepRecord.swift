import TensorIO

/// A line of a part: what the sweep compares, or one window.
package enum SweepRecord: Sendable {
  case settings(SweepSettings)
  case window(SweepLine)

  /// Reads a line; `nil` where it is torn or of another kind.
  package init?(_ text: String) {
    guard let value = try? parseJSON(Array(text.utf8), path: "line") else { return nil }
    if let settings = SweepSettings(value) {
      self = .settings(settings)
    } else if let line = SweepLine(value) {
      self = .window(line)
    } else {
      return nil
    }
  }
}

/// Makes the part at `path` ready for more lines: a new one begins with the settings, an old one loses
/// the line that a kill has torn.
/// - Throws: `CaseError` where the file is no part or holds a sweep of other settings; the file
///   system's errors.
package func openPart(_ path: String, _ settings: SweepSettings) throws {
  var isEmpty = true
  if isRegularFile(path) {
    var number = 0
    try forEachLine(of: path) { text in
      number += 1
      guard number == 1 || text.hasPrefix("{\"schema\"") else { return }
      switch SweepRecord(text) {
      case .settings(let other):
        if let difference = other.difference(from: settings) {
          throw CaseError(
            path: path, line: number,
            reason: "holds a sweep of \(difference); name another file with --out")
        }
      case .window: break
      case nil:
        // Only what a sweep may have written is taken off or continued.
        guard number > 1 || isBeginning(of: settings, text) else {
          throw CaseError(
            path: path, line: 1, reason: "is no part of a sweep; name another file with --out")
        }
      }
    }
    try dropTornLine(path)
    isEmpty = try MappedFile(path).byteCount == 0
  }
  if isEmpty { try appendToFile(path, settings.json.text + "\n") }
}

private func isBeginning(of settings: SweepSettings, _ text: String) -> Bool {
  settings.json.text.utf8.starts(with: text.utf8)
}
