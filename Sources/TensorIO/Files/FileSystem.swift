/// Small questions to the file system that readers and writers share.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What stands at `path`, links followed; `nil` where nothing does.
func fileStatus(_ path: String) -> stat? {
  var status = stat()
  return stat(path, &status) == 0 ? status : nil
}

/// Whether `path` is a folder, links followed.
package func isFolder(_ path: String) -> Bool {
  fileStatus(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
}

/// `path` without symbolic links; `nil` where it does not exist.
package func realPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// The folder that `path` stands in.
func folderName(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The last component of `path`.
func fileName(of path: String) -> String {
  let trimmed = withoutTrailingSlashes(path)
  return trimmed.split(separator: "/").last.map(String.init) ?? trimmed
}

/// `path` without slashes at its end; the root stays.
func withoutTrailingSlashes(_ path: String) -> String {
  var path = path
  while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
  return path
}

/// A hidden name in the same folder that nobody else uses.
func temporarySibling(of path: String) -> String {
  let tag = UInt64.random(in: 0...UInt64.max)
  let folder = folderName(of: path)
  // Bytes, not characters: names have at most 255 of them.
  let start = String(decoding: fileName(of: path).utf8.prefix(100), as: UTF8.self)
  let name = ".\(start).\(String(tag, radix: 36)).partial"
  return folder == "/" ? "/" + name : "\(folder)/\(name)"
}

/// Flushes a folder's entries; a file system that cannot is none of our trouble.
func synchroniseFolder(_ folder: String) {
  let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}

/// Names in a folder, sorted by their bytes, without `.` and `..`.
/// - Throws: `notFound`, `cannotRead`; `limitExceeded` beyond a million.
package func folderEntries(_ folder: String) throws(TensorIOError) -> [String] {
  guard let stream = opendir(folder) else {
    let code = errno
    if code == ENOENT || code == ENOTDIR { throw TensorIOError(folder, .notFound) }
    throw TensorIOError(
      folder, .cannotRead(operation: "list the folder", reason: systemReason(code)))
  }
  defer { closedir(stream) }
  var names: [String] = []
  let limit = 1_000_000
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
    guard names.count <= limit else {
      throw TensorIOError(
        folder, .limitExceeded(what: "the number of files", value: "\(names.count)", limit: limit))
    }
  }
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// The error for a failed system call that writes, from `errno`.
func writeError(_ path: String, _ operation: String) -> TensorIOError {
  let code = errno
  if code == ENOSPC || code == EDQUOT { return TensorIOError(path, .diskFull) }
  if code == ENOENT {
    return TensorIOError(
      path, .cannotWrite(operation: operation, reason: "the folder does not exist"))
  }
  return TensorIOError(path, .cannotWrite(operation: operation, reason: systemReason(code)))
}

/// Makes a folder and those that it stands in; nothing where it exists.
/// - Returns: the folders that were made, the outermost first, for `removeEmptyFolders`.
/// - Throws: `cannotWrite`, also where a file is in the way; nothing is then left of what was made.
@discardableResult
package func makeFolder(_ path: String) throws(TensorIOError) -> [String] {
  let name = withoutTrailingSlashes(path)
  guard !name.isEmpty else { throw TensorIOError(path, .notFound) }
  if isFolder(name) { return [] }
  let parent = folderName(of: name)
  let made = parent != name && !isFolder(parent) ? try makeFolder(parent) : []
  guard mkdir(name, 0o777) != 0 else { return made + [name] }
  guard errno == EEXIST && isFolder(name) else {
    let error = writeError(path, "make the folder")
    removeEmptyFolders(made)
    throw error
  }
  return made
}

/// Takes folders that `makeFolder` has made away again, so far as nothing stands in them.
package func removeEmptyFolders(_ made: [String]) {
  for folder in made.reversed() { rmdir(folder) }
}

/// The text of a file of at most `limit` bytes; invalid UTF-8 is replaced.
/// - Throws: the file system's errors, `limitExceeded`.
package func fileText(_ path: String, limit: Int) throws(TensorIOError) -> String {
  let file = try MappedFile(path)
  guard file.byteCount <= limit else {
    throw TensorIOError(
      path, .limitExceeded(what: "the file's size", value: "\(file.byteCount)", limit: limit))
  }
  guard file.byteCount > 0 else { return "" }
  return String(decoding: try file.view.bytes(0, file.byteCount, "the file"), as: UTF8.self)
}

/// Whether a regular file stands at `path`, links followed.
package func isRegularFile(_ path: String) -> Bool {
  fileStatus(path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false
}

/// Adds text at the end of a file, or makes the file: what other programs' logs need. Where it cannot
/// be added whole, the file is left as it was, and none where there was none.
/// - Throws: `cannotWrite`, `diskFull`.
package func appendToFile(_ path: String, _ text: String) throws(TensorIOError) {
  let isNew = fileStatus(path) == nil
  let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw writeError(path, "open it") }
  defer { close(descriptor) }
  var before = stat()
  let isRegular = fstat(descriptor, &before) == 0 && before.st_mode & S_IFMT == S_IFREG
  let bytes = Array(text.utf8)
  var done = 0
  while done < bytes.count {
    let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else {
      let error = writeError(path, "write to it")
      if isRegular { _ = isNew ? unlink(path) : ftruncate(descriptor, before.st_size) }
      throw error
    }
    done += count
  }
}
