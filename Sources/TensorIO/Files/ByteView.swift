/// Bounds-checked reading of untrusted bytes; the only way headers are read in this module.
package import TensorCore

/// A range of bytes in a file or an unpacked archive member; every access is checked.
package struct ByteView: Sendable {
  /// Whose bytes they are, for messages.
  package let path: String
  package let storage: TensorStorage
  /// Where the view starts in `storage`.
  package let start: Int
  package let count: Int

  package init(path: String, storage: TensorStorage) {
    self.init(path: path, storage: storage, start: 0, count: storage.byteCount)
  }

  private init(path: String, storage: TensorStorage, start: Int, count: Int) {
    self.path = path
    self.storage = storage
    self.start = start
    self.count = count
  }

  /// Bytes held in memory, for readers whose input does not come from a mapped file.
  package init(path: String, bytes: [UInt8]) {
    self.init(
      path: path,
      storage: TensorStorage(byteCount: bytes.count) { $0.copyBytes(from: bytes) })
  }

  /// The part `[offset, offset + count)`.
  /// - Throws: `truncated` where it does not lie within the view; `what` names it.
  package func slice(_ offset: Int, _ count: Int, _ what: String) throws(TensorIOError) -> ByteView
  {
    try check(offset, count, what)
    return ByteView(path: path, storage: storage, start: start + offset, count: count)
  }

  /// The same bytes under another name for messages.
  func renamed(_ path: String) -> ByteView {
    ByteView(path: path, storage: storage, start: start, count: count)
  }

  /// A little-endian integer at `offset`.
  package func load<T: FixedWidthInteger>(
    _: T.Type, at offset: Int, _ what: String
  ) throws(TensorIOError) -> T {
    try check(offset, MemoryLayout<T>.size, what)
    return storage.withUnsafeBytes {
      T(littleEndian: $0.loadUnaligned(fromByteOffset: start + offset, as: T.self))
    }
  }

  /// A copy of `count` bytes at `offset`.
  package func bytes(_ offset: Int, _ count: Int, _ what: String) throws(TensorIOError) -> [UInt8] {
    try check(offset, count, what)
    return storage.withUnsafeBytes { Array($0[(start + offset)..<(start + offset + count)]) }
  }

  /// `count` bytes at `offset` as UTF-8.
  /// - Throws: `truncated`, `invalidText`.
  package func text(_ offset: Int, _ count: Int, _ what: String) throws(TensorIOError) -> String {
    let bytes = try bytes(offset, count, what)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TensorIOError(path, .invalidText(what: what), at: start + offset)
    }
    return text
  }

  /// Whether the view begins with `prefix`.
  package func starts(with prefix: [UInt8]) -> Bool {
    prefix.count <= count
      && storage.withUnsafeBytes { $0[start..<(start + prefix.count)].elementsEqual(prefix) }
  }

  /// Lends all bytes of the view.
  package func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try storage.withUnsafeBytes { (bytes) throws(E) -> R in
      try body(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count)]))
    }
  }

  private func check(_ offset: Int, _ length: Int, _ what: String) throws(TensorIOError) {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else {
      let available = offset >= 0 && offset <= count ? count - offset : 0
      throw TensorIOError(
        path, .truncated(what: what, needed: length, available: available), at: start + offset)
    }
  }
}

/// Reads a view from front to back.
struct ByteCursor {
  let view: ByteView
  private(set) var offset = 0

  init(_ view: ByteView) { self.view = view }

  var remaining: Int { view.count - offset }
  /// Where the next byte lies in the file.
  var fileOffset: Int { view.start + offset }

  mutating func read<T: FixedWidthInteger>(
    _ type: T.Type, _ what: String
  ) throws(TensorIOError) -> T {
    let value = try view.load(type, at: offset, what)
    offset += MemoryLayout<T>.size
    return value
  }

  mutating func bytes(_ count: Int, _ what: String) throws(TensorIOError) -> [UInt8] {
    let bytes = try view.bytes(offset, count, what)
    offset += count
    return bytes
  }

  mutating func text(_ count: Int, _ what: String) throws(TensorIOError) -> String {
    let text = try view.text(offset, count, what)
    offset += count
    return text
  }

  mutating func slice(_ count: Int, _ what: String) throws(TensorIOError) -> ByteView {
    let slice = try view.slice(offset, count, what)
    offset += count
    return slice
  }
}
