/// What went wrong with a file of tensors: which file, which tensor, which byte, and why.
///
/// Every reader and writer of this module throws only this type. Its description is one line.
package struct TensorIOError: Error, Sendable, Equatable {
  /// The file or folder as the user named it; archive members read `archive.npz[member.npy]`.
  package let path: String
  /// The tensor concerned, where the trouble belongs to one.
  package var tensor: String?
  /// Where in the file (or in the unpacked archive member) the offending bytes start.
  package var byteOffset: Int?
  /// The cause, one case per kind of corruption.
  package let cause: Cause

  package init(_ path: String, _ cause: Cause, tensor: String? = nil, at byteOffset: Int? = nil) {
    self.path = path
    self.cause = cause
    self.tensor = tensor
    self.byteOffset = byteOffset
  }

  /// The same error, told about `tensor` unless it already names one.
  func naming(tensor name: String) -> TensorIOError {
    var copy = self
    if copy.tensor == nil { copy.tensor = name }
    return copy
  }

  /// One case per cause; payloads say what was expected and what came.
  package enum Cause: Sendable, Equatable {
    // The file system.
    case notFound
    case isDirectory
    case notARegularFile
    case cannotRead(operation: String, reason: String)
    case cannotWrite(operation: String, reason: String)
    case diskFull
    case wouldReplaceForeignFolder(entry: String)

    // Any format.
    case empty
    case unknownFormat(found: String)
    case truncated(what: String, needed: Int, available: Int)
    case limitExceeded(what: String, value: String, limit: Int)
    case sizeOverflow(what: String)
    case invalidText(what: String)
    case invalidJSON(reason: String)
    case missingField(String)
    case invalidField(String, expected: String, found: String)
    case unsupported(what: String, advice: String)

    // Tensors in a file.
    case noSuchTensor(nearest: String?)
    case duplicateTensor
    case unsupportedDtype(String, advice: String)
    case invalidShape(found: String, expected: String)
    case sizeMismatch(expected: Int, found: Int)
    case outOfFile(begin: Int, end: Int, available: Int)
    case overlapsTensor(String)
    case gapBeforeTensor(bytes: Int)
    case trailingBytes(Int)

    // Archives, pickles, folders.
    case checksumMismatch(expected: UInt32, found: UInt32)
    case corruptCompression(reason: String)
    case overlappingEntries(String)
    case unsafePath(String)
    case unknownOpcode(UInt8)
    case refusedGlobal(String)
    case invalidPickle(reason: String)
    case invalidProtobuf(reason: String)

    /// The case's name without its payload: a stable key for tests and scripts.
    package var name: String {
      Mirror(reflecting: self).children.first?.label ?? "\(self)"
    }
  }
}

extension TensorIOError: CustomStringConvertible {
  /// `path: tensor 'name': what is wrong; what to do (at byte n)`.
  package var description: String {
    var line = printable(path, limit: 300) + ": "
    if let tensor { line += "tensor '\(printable(tensor))': " }
    line += cause.message
    if let byteOffset { line += " (at byte \(byteOffset))" }
    return line
  }
}

/// `text` on one line: control characters escaped, at most `limit` characters.
package func printable(_ text: String, limit: Int = 120) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    if result.utf8.count >= limit { return result + "…" }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
