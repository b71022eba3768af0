import TensorIO

/// Makes sure, before any work is done, that results can be written where they are wanted, and that
/// nothing which is read would be replaced.
/// - Parameters:
///   - outputs: files that will be written; `nil` where none is wanted.
///   - inputs: files that are read.
/// - Throws: `UsageError` for `-`, an input, or one file for two results; `TensorIOError` where no
///   file can be made.
func requireWritable(_ outputs: [String?], inputs: [String?] = []) throws {
  var seen: [String] = []
  for path in outputs.compactMap({ $0 }) {
    guard path != "-" else {
      throw UsageError("'-' is standard output with --json alone; name a file")
    }
    let place = realPath(path) ?? path
    try requireNoInput(path, among: inputs)
    guard !seen.contains(place) else {
      throw UsageError("\(path): is to hold two results; name two files")
    }
    seen.append(place)
    // Made and given up: nothing of it remains.
    try AtomicFile(path).cancel()
  }
}

/// Refuses to write over what is read.
/// - Throws: `UsageError`.
func requireNoInput(_ path: String, among inputs: [String?]) throws {
  guard let place = realPath(path) else { return }
  for case let input? in inputs where realPath(input) == place {
    throw UsageError("\(path): is read by this command and would be replaced; write elsewhere")
  }
}
