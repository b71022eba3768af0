/// Takes folders under construction away when a signal ends the program.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Paths of folders under construction, as C strings; slots are free where they are `nil`. The signal
/// handler reads them, which may allocate nothing and take no lock, so they stand in fixed memory.
private let maximumFolders = 16
nonisolated(unsafe) private let folders = {
  let slots = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: maximumFolders)
  slots.initialize(repeating: nil, count: maximumFolders)
  return slots
}()

private let endingSignals = [SIGINT, SIGTERM, SIGHUP]

/// A folder that a signal removes, with the plain files in it, until `end`.
///
/// Where the system cannot list a folder inside a signal handler, or more than 16 are under
/// construction at a time, the folder stays.
struct FolderCleanup {
  private let slot: Int?

  /// Starts to listen. Signals that are ignored, as under `nohup`, and those that have a handler stay
  /// as they are.
  init(_ folder: String) {
    slot = (0..<maximumFolders).first { folders[$0] == nil }
    guard let slot else { return }
    folders[slot] = strdup(folder)
    // Globals are made when they are first looked at, which must not be inside the handler.
    prepareHandler()
    // A mask that was inherited from a thread which left its signals to others does not stay.
    var mask = sigset_t()
    sigemptyset(&mask)
    for number in endingSignals { sigaddset(&mask, number) }
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    for number in endingSignals {
      let old = signal(number) { number in
        for slot in 0..<maximumFolders { if let path = folders[slot] { removeInHandler(path) } }
        signal(number, SIG_DFL)
        raise(number)
      }
      let isDefault = unsafeBitCast(old, to: Int.self) == unsafeBitCast(SIG_DFL, to: Int.self)
      if !isDefault { signal(number, old) }
    }
  }

  /// Forgets the folder; signals do again what they did when no folder is left.
  func end() {
    guard let slot, let path = folders[slot] else { return }
    folders[slot] = nil
    free(path)
  }
}

#if os(Linux)
  private typealias ListEntries =
    @convention(c) (CInt, UnsafeMutableRawPointer, Int) -> Int

  /// glibc's getdents64, which its Swift module leaves out; `readdir` allocates.
  private let listEntries: ListEntries? = dlsym(nil, "getdents64").map {
    unsafeBitCast($0, to: ListEntries.self)
  }

  /// An entry of getdents64: inode, offset, length and type stand before the name.
  private let nameOffset = 19
  private let lengthOffset = 16

  private func prepareHandler() { _ = listEntries }

  /// Removes a folder of plain files with calls that signal handlers may make.
  private func removeInHandler(_ path: UnsafeMutablePointer<CChar>) {
    guard let listEntries else { return }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
      while let start = buffer.baseAddress {
        let count = listEntries(descriptor, start, buffer.count)
        guard count > 0 else { return }
        var offset = 0
        while offset < count {
          let name = (start + offset + nameOffset).assumingMemoryBound(to: CChar.self)
          unlinkat(descriptor, name, 0)
          offset += Int((start + offset + lengthOffset).loadUnaligned(as: UInt16.self))
        }
      }
    }
    close(descriptor)
    rmdir(path)
  }
#else
  private func prepareHandler() {}
  private func removeInHandler(_ path: UnsafeMutablePointer<CChar>) {}
#endif
