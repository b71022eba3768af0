/// Writes a folder of files so that at every moment the old one, or none, or the whole new one is
/// there.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder under construction, beside its later place, until `commit`. Not thread-safe.
final class AtomicFolder {
  let path: String
  private let target: String
  private let temporary: String
  private let cleanup: FolderCleanup
  private var isOpen = true

  /// Creates a new folder beside `path`.
  /// `mayReplace`: whether a file of this name may go when an old folder is replaced.
  /// Throws `wouldReplaceForeignFolder`, `cannotWrite`, `diskFull`; `notARegularFile` where a
  ///   file stands at `path`.
  init(_ path: String, mayReplace: (String) -> Bool) throws(TensorIOError) {
    self.path = path
    let trimmed = withoutTrailingSlashes(path)
    target = realPath(trimmed) ?? trimmed
    if fileStatus(target) != nil {
      guard isFolder(target) else {
        throw TensorIOError(
          path,
          .cannotWrite(operation: "create the folder", reason: "a file of that name exists"))
      }
      for entry in try folderEntries(target)
      where !mayReplace(entry) || isFolder("\(target)/\(entry)") {
        throw TensorIOError(path, .wouldReplaceForeignFolder(entry: entry))
      }
    }
    temporary = temporarySibling(of: target)
    guard mkdir(temporary, 0o777) == 0 else { throw writeError(path, "create the folder") }
    cleanup = FolderCleanup(temporary)
  }

  deinit { cancel() }

  /// Adds a file and flushes it to the disk.
  /// - Precondition: `name` holds no slash.
  func add(
    _ name: String, _ body: (AtomicFile) throws(TensorIOError) -> Void
  ) throws(TensorIOError) {
    precondition(!name.contains("/"))
    let file = try AtomicFile("\(temporary)/\(name)")
    do {
      try body(file)
      try file.commit()
    } catch {
      throw TensorIOError("\(withoutTrailingSlashes(path))/\(name)", error.cause)
    }
  }

  /// Puts the folder in the place of an old one.
  /// - Throws: `diskFull`, `cannotWrite`; the old folder then still stands.
  func commit() throws(TensorIOError) {
    synchroniseFolder(temporary)
    // rename() replaces an empty folder; a full one steps aside first.
    if rename(temporary, target) != 0 {
      guard errno == ENOTEMPTY || errno == EEXIST else {
        throw writeError(path, "put it in place")
      }
      let aside = temporarySibling(of: target)
      guard rename(target, aside) == 0 else { throw writeError(path, "move the old folder away") }
      guard rename(temporary, target) == 0 else {
        let failure = writeError(path, "put it in place")
        _ = rename(aside, target)
        throw failure
      }
      removeFolder(aside)
    }
    isOpen = false
    cleanup.end()
    synchroniseFolder(folderName(of: target))
  }

  /// Gives up: nothing of the new folder remains. Does nothing after `commit`.
  func cancel() {
    guard isOpen else { return }
    isOpen = false
    removeFolder(temporary)
    cleanup.end()
  }
}

/// Removes a folder of plain files. Best effort: what cannot be removed stays.
private func removeFolder(_ folder: String) {
  for entry in (try? folderEntries(folder)) ?? [] { unlink("\(folder)/\(entry)") }
  rmdir(folder)
}
