/// Loads a file or standard input into memory, whole: the first step of decoding.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of an audio file and the name it goes by in messages.
struct AudioBytes {
  let name: String
  let bytes: [UInt8]

  /// Reads all of `path`: a file, a pipe, or standard input where it is `-`.
  static func load(_ path: String) throws(AudioError) -> AudioBytes {
    if path == "-" {
      return try AudioBytes(name: "standard input", readingFrom: STDIN_FILENO, sizeHint: 0)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw openingError(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw openingError(path) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw .isDirectory(path) }
    guard status.st_size <= AudioLimits.maximumBytes else {
      throw .tooLarge(path, limitBytes: AudioLimits.maximumBytes)
    }
    return try AudioBytes(name: path, readingFrom: descriptor, sizeHint: Int(status.st_size))
  }

  /// Bytes that are in memory already.
  init(name: String, bytes: [UInt8]) throws(AudioError) {
    guard !bytes.isEmpty else { throw .empty(name) }
    self.name = name
    self.bytes = bytes
  }

  private init(name: String, readingFrom descriptor: Int32, sizeHint: Int) throws(AudioError) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(sizeHint)
    var block = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = block.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw .unreadable(name, reason: String(cString: strerror(errno)))
      }
      if count == 0 { break }
      guard bytes.count + count <= AudioLimits.maximumBytes else {
        throw .tooLarge(name, limitBytes: AudioLimits.maximumBytes)
      }
      bytes.append(contentsOf: block[..<count])
    }
    try self.init(name: name, bytes: bytes)
  }

  private static func openingError(_ path: String) -> AudioError {
    switch errno {
    case ENOENT, ENOTDIR: .notFound(path)
    case EISDIR: .isDirectory(path)
    default: .unreadable(path, reason: String(cString: strerror(errno)))
    }
  }
}
