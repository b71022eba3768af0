/// Writes a file so that at every moment the old one, or none, or the whole new one is there.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file under construction: unnamed (or under a temporary name in the same folder) until `commit`.
///
/// On Linux the file has no name at all until it is complete, so that even `kill -9` leaves nothing
/// behind; where the file system cannot do that, a temporary name is used. Not thread-safe.
package final class AtomicFile {
  /// Where the file will stand.
  package let path: String
  /// The file that `rename` replaces: `path` with symbolic links resolved.
  private let target: String
  private var temporaryName: String?
  private var descriptor: Int32
  /// Bytes written so far by `append`.
  package private(set) var byteCount = 0

  /// Opens a new file beside `path`.
  /// - Throws: `notARegularFile` or `isDirectory` where `path` exists and is that; `cannotWrite`.
  package init(_ path: String) throws(TensorIOError) {
    self.path = path
    target = try Self.resolvedTarget(path)
    let mode = Self.mode(of: target)
    let folder = folderName(of: target)
    let unnamed = openUnnamed(in: folder, mode: mode)
    if unnamed >= 0 {
      descriptor = unnamed
      return
    }
    let name = temporarySibling(of: target)
    descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw writeError(path, "create a file in '\(folder)'") }
    temporaryName = name
  }

  deinit { cancel() }

  /// Adds bytes at the end.
  /// - Throws: `diskFull`, `cannotWrite`.
  package func append(_ bytes: UnsafeRawBufferPointer) throws(TensorIOError) {
    try write(bytes, at: byteCount)
    byteCount += bytes.count
  }

  /// Adds bytes at the end.
  package func append(_ bytes: [UInt8]) throws(TensorIOError) {
    try bytes.span.withUnsafeBytes { (raw) throws(TensorIOError) in try append(raw) }
  }

  /// Writes bytes at `offset`; `byteCount` does not change.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(TensorIOError) {
    var done = 0
    while done < bytes.count {
      let part = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let written = pwrite(descriptor, part.baseAddress, part.count, off_t(offset + done))
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        // A write of nothing without an error code means that there is no room.
        if written == 0 { errno = ENOSPC }
        throw writeError(path, "write to it")
      }
      done += written
    }
  }

  /// Reads back bytes written before, for containers whose header grows.
  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(TensorIOError) {
    var done = 0
    while done < bytes.count {
      let part = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
      let count = pread(descriptor, part.baseAddress, part.count, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw writeError(path, "read it back") }
      done += count
    }
  }

  /// Cuts the file (or extends it with zeros) to `count` bytes.
  func resize(to count: Int) throws(TensorIOError) {
    guard ftruncate(descriptor, off_t(count)) == 0 else { throw writeError(path, "resize it") }
    byteCount = count
  }

  /// Flushes the file to the disk and puts it in the place of the old one.
  /// - Throws: `diskFull`, `cannotWrite`; the old file is then untouched.
  package func commit() throws(TensorIOError) {
    guard fsync(descriptor) == 0 else { throw writeError(path, "flush it to the disk") }
    if temporaryName == nil {
      let name = temporarySibling(of: target)
      // linkat cannot replace a file, so the link gets a temporary name first.
      guard
        linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0
      else { throw writeError(path, "name it") }
      temporaryName = name
    }
    guard let name = temporaryName, rename(name, target) == 0 else {
      throw writeError(path, "put it in place")
    }
    temporaryName = nil
    close(descriptor)
    descriptor = -1
    synchroniseFolder(folderName(of: target))
  }

  /// Gives up: nothing of the new file remains. Does nothing after `commit`.
  package func cancel() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    if let temporaryName { unlink(temporaryName) }
    temporaryName = nil
  }

  /// `path` with symbolic links resolved, so that a link stays one.
  private static func resolvedTarget(_ path: String) throws(TensorIOError) -> String {
    guard !path.isEmpty else { throw TensorIOError(path, .notFound) }
    guard let status = fileStatus(path) else { return path }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return realPath(path) ?? path
    case S_IFDIR: throw TensorIOError(path, .isDirectory)
    default: throw TensorIOError(path, .notARegularFile)
    }
  }

  /// The old file's permissions, or those that every new file gets (before the umask).
  private static func mode(of path: String) -> mode_t {
    fileStatus(path).map { $0.st_mode & 0o777 } ?? 0o666
  }
}

/// A file without a name in `folder`, or a negative number where that is not possible.
private func openUnnamed(in folder: String, mode: mode_t) -> Int32 {
  #if os(Linux)
    // O_TMPFILE is a composed macro that Swift does not import; /proc is needed to name the file.
    guard access("/proc/self/fd", X_OK) == 0 else { return -1 }
    let unnamedFileFlag: Int32 = 0o20000000 | O_DIRECTORY
    return open(folder, O_RDWR | O_CLOEXEC | unnamedFileFlag, mode)
  #else
    return -1
  #endif
}
