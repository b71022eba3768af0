import TensorIO

/// The inputs of a sweep: a text file with a path a line. Empty lines and lines that begin with `#`
/// are left out; paths are relative to the file's folder.
package struct SweepManifest: Sendable {
  /// What the manifest says, which names the input in every part, and where it lies.
  package let inputs: [(name: String, path: String)]

  /// - Throws: `TensorIOError`; `CaseError` where nothing is named, or the file is no text.
  package init(_ path: String) throws {
    let folder = parentFolder(of: path)
    var names: [String] = []
    try forEachLine(of: path) { line in
      let name = String(line.reversed().drop(while: \.isWhitespace).reversed())
      guard !name.contains("\0"), !name.contains("\u{FFFD}") else {
        throw CaseError(
          path: path, line: names.count + 1, reason: "is no text in UTF-8; write a path a line")
      }
      if !name.isEmpty && !name.hasPrefix("#") { names.append(name) }
    }
    guard !names.isEmpty else {
      throw CaseError(path: path, line: nil, reason: "names no input; write a path a line")
    }
    inputs = names.map { ($0, $0.hasPrefix("/") ? $0 : "\(folder)/\($0)") }
  }
}

/// What a part holds already: so that a sweep that was killed goes on where it stood.
package struct SweepProgress: Sendable {
  /// Windows of each input that have a line.
  private var windows: [String: Set<Int>] = [:]
  private var numWindows: [String: Int] = [:]
  package init() {}

  /// Reads a part. Inputs in trouble are tried again.
  /// - Throws: `TensorIOError`.
  package init(part path: String) throws {
    try forEachLine(of: path) { text in
      guard case .window(let line) = SweepRecord(text), line.trouble == nil else { return }
      windows[line.input, default: []].insert(line.window)
      numWindows[line.input] = line.numWindows
    }
  }

  package func isDone(_ input: String, window: Int) -> Bool {
    windows[input]?.contains(window) ?? false
  }

  /// Whether every window of `input` has a line.
  package func isDone(_ input: String) -> Bool {
    guard let count = numWindows[input] else { return false }
    return windows[input]?.count ?? 0 >= count
  }
}
