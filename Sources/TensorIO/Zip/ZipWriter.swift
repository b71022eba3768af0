/// Writes zip archives of stored members: what numpy and others read, mapped when read back.
import CZlib

/// A zip archive under construction. Members are stored, not deflated, and start at multiples of
/// 64 bytes; sizes beyond 4 GiB use zip64. No clock: the date is the format's first. Not thread-safe.
final class ZipWriter {
  private struct Member {
    let name: [UInt8]
    let crc: UInt32
    let byteCount: Int
    let headerOffset: Int
  }

  private let file: AtomicFile
  private var members: [Member] = []

  /// 1980-01-01 00:00 in MS-DOS format: time, then date.
  private static let timestamp: [UInt8] = [0, 0, 0x21, 0]
  private static let alignment = 64

  init(_ path: String) throws(TensorIOError) { file = try AtomicFile(path) }

  var path: String { file.path }

  /// Adds a member whose bytes are `parts` one after the other.
  func add(_ name: String, _ parts: [UnsafeRawBufferPointer]) throws(TensorIOError) {
    let nameBytes = Array(name.utf8)
    guard nameBytes.count <= 0xFFFF else {
      throw TensorIOError(
        path, .limitExceeded(what: "a name's length", value: "\(nameBytes.count)", limit: 0xFFFF))
    }
    let member = Member(
      name: nameBytes, crc: crc32(of: parts), byteCount: parts.reduce(0) { $0 + $1.count },
      headerOffset: file.byteCount)
    // The zip64 field always stands in the local header, as in Python's zipfile(force_zip64).
    let unpadded = file.byteCount + 30 + nameBytes.count + 20 + 4
    let padding = (Self.alignment - unpadded % Self.alignment) % Self.alignment
    var header = littleEndian(UInt32(0x0403_4b50)) + littleEndian(UInt16(45))
    // Flag bit 11: the name is UTF-8. Method 0: stored.
    header += littleEndian(UInt16(0x0800)) + littleEndian(UInt16(0)) + Self.timestamp
    header += littleEndian(member.crc)
    header += littleEndian(UInt32.max) + littleEndian(UInt32.max)
    header += littleEndian(UInt16(nameBytes.count)) + littleEndian(UInt16(20 + 4 + padding))
    header += nameBytes
    header += littleEndian(UInt16(1)) + littleEndian(UInt16(16))
    header += littleEndian(UInt64(member.byteCount)) + littleEndian(UInt64(member.byteCount))
    // 0xD935 is the padding field of Android's zipalign.
    header += littleEndian(UInt16(0xD935)) + littleEndian(UInt16(padding))
    header += [UInt8](repeating: 0, count: padding)
    try file.append(header)
    for part in parts { try file.append(part) }
    members.append(member)
  }

  /// Writes the central directory and puts the archive in place.
  func finish() throws(TensorIOError) {
    let start = file.byteCount
    for member in members { try file.append(directoryEntry(member)) }
    let byteCount = file.byteCount - start
    // The zip64 end record and its locator, then the classic end record pointing to them.
    var end = littleEndian(UInt32(0x0606_4b50)) + littleEndian(UInt64(44))
    end += littleEndian(UInt16(45)) + littleEndian(UInt16(45))
    end += littleEndian(UInt32(0)) + littleEndian(UInt32(0))
    end += littleEndian(UInt64(members.count)) + littleEndian(UInt64(members.count))
    end += littleEndian(UInt64(byteCount)) + littleEndian(UInt64(start))
    end += littleEndian(UInt32(0x0706_4b50)) + littleEndian(UInt32(0))
    end += littleEndian(UInt64(start + byteCount)) + littleEndian(UInt32(1))
    end += littleEndian(UInt32(0x0605_4b50)) + littleEndian(UInt32(0))
    let count = UInt16(clamping: members.count)
    end += littleEndian(count) + littleEndian(count)
    end += littleEndian(UInt32(clamping: byteCount)) + littleEndian(UInt32(clamping: start))
    end += littleEndian(UInt16(0))
    try file.append(end)
    try file.commit()
  }

  func cancel() { file.cancel() }

  private func directoryEntry(_ member: Member) -> [UInt8] {
    let isLarge = member.byteCount >= Int(UInt32.max) || member.headerOffset >= Int(UInt32.max)
    var entry = littleEndian(UInt32(0x0201_4b50))
    // Made by Unix, so that the permissions below count.
    entry += littleEndian(UInt16(3 << 8 | 45)) + littleEndian(UInt16(45))
    entry += littleEndian(UInt16(0x0800)) + littleEndian(UInt16(0)) + Self.timestamp
    entry += littleEndian(member.crc)
    let size = isLarge ? UInt32.max : UInt32(member.byteCount)
    entry += littleEndian(size) + littleEndian(size)
    entry += littleEndian(UInt16(member.name.count)) + littleEndian(UInt16(isLarge ? 28 : 0))
    entry += littleEndian(UInt16(0)) + littleEndian(UInt16(0)) + littleEndian(UInt16(0))
    entry += littleEndian(UInt32(0o100644 << 16))
    entry += littleEndian(isLarge ? UInt32.max : UInt32(member.headerOffset))
    entry += member.name
    if isLarge {
      entry += littleEndian(UInt16(1)) + littleEndian(UInt16(24))
      entry += littleEndian(UInt64(member.byteCount)) + littleEndian(UInt64(member.byteCount))
      entry += littleEndian(UInt64(member.headerOffset))
    }
    return entry
  }
}

/// The bytes of `value`, least significant first.
func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// CRC-32 of the concatenation of `parts`.
func crc32(of parts: [UnsafeRawBufferPointer]) -> UInt32 {
  var crc = CZlib.crc32_z(0, nil, 0)
  for part in parts {
    crc = CZlib.crc32_z(crc, part.bindMemory(to: UInt8.self).baseAddress, part.count)
  }
  return UInt32(truncatingIfNeeded: crc)
}
