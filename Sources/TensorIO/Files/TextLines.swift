/// Reads text files of any size line by line.
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Calls `body` with each line of the file at `path`, without its line break; a last line without
/// one counts too. Invalid UTF-8 is replaced.
/// - Throws: the file system's errors.
package func forEachLine(
  of path: String, _ body: (String) throws -> Void
) throws {
  let file = try MappedFile(path)
  try file.storage.withUnsafeBytes { bytes in
    var start = 0
    while start < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
      let length = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
      let line = UnsafeRawBufferPointer(rebasing: rest[..<length])
      try body(String(decoding: line, as: UTF8.self))
      start += length + 1
    }
  }
}

/// Cuts the file at `path` behind its last line break: a line that a kill has torn goes.
/// - Throws: the file system's errors.
package func dropTornLine(_ path: String) throws(TensorIOError) {
  let file = try MappedFile(path)
  let kept = file.storage.withUnsafeBytes { bytes in
    bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
  }
  guard kept < file.byteCount else { return }
  guard truncate(path, off_t(kept)) == 0 else { throw writeError(path, "take a torn line off") }
}
