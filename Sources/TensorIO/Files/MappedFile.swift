/// A regular file mapped read-only: where every reader's bytes come from.
package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A read-only memory map of a whole regular file; unmapped when the last tensor in it goes.
///
/// The file must not be shortened while it is mapped: the system then ends the process (SIGBUS).
/// Writers of this module never do that, they rename a new file into place.
package struct MappedFile: Sendable {
  package let path: String
  /// The file's bytes; tensors share them.
  package let storage: TensorStorage

  /// Number of bytes in the file; may be 0.
  package var byteCount: Int { storage.byteCount }

  /// Maps `path`.
  /// - Throws: `notFound`, `isDirectory`, `notARegularFile` (devices, pipes), `cannotRead`.
  package init(_ path: String) throws(TensorIOError) {
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.readError(path, "open it") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.readError(path, "inspect it") }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw TensorIOError(path, .isDirectory)
    default: throw TensorIOError(path, .notARegularFile)
    }
    self.path = path
    let count = Int(status.st_size)
    if count == 0 {
      storage = TensorStorage(byteCount: 0) { _ in }
      return
    }
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw Self.readError(path, "map it") }
    storage = TensorStorage(takingMapping: address, byteCount: count)
  }

  private static func readError(_ path: String, _ operation: String) -> TensorIOError {
    let code = errno
    if code == ENOENT || code == ENOTDIR { return TensorIOError(path, .notFound) }
    return TensorIOError(
      path, .cannotRead(operation: operation, reason: systemReason(code)))
  }

  /// All bytes as a view.
  package var view: ByteView { ByteView(path: path, storage: storage) }
}

/// The system's words for an error code.
func systemReason(_ code: Int32) -> String { String(cString: strerror(code)) }
