/// The central directory of a zip archive, classic or zip64, checked entry by entry.

/// All entries of the central directory.
///
/// - Note: Format of PKWARE's APPNOTE.TXT 6.3, sections 4.3.12 to 4.3.16 and 4.5.3.
struct ZipDirectory {
  private(set) var members: [ZipMember] = []

  /// More members than any checkpoint or dump has.
  static let maximumMembers = 1 << 18
  /// The largest member that is inflated into memory.
  static let maximumInflatedBytes = 4 << 30
  /// Deflate cannot do better than 1032 : 1; anything beyond is a lie about the size.
  static let maximumRatio = 1040

  init(_ view: ByteView) throws(TensorIOError) {
    let end = try Self.findEnd(view)
    guard end.count <= Self.maximumMembers else {
      throw TensorIOError(
        view.path,
        .limitExceeded(
          what: "the number of members", value: "\(end.count)", limit: Self.maximumMembers))
    }
    guard end.start >= 0, end.byteCount >= 0, end.start <= view.count,
      end.byteCount <= view.count - end.start
    else {
      throw TensorIOError(
        view.path,
        .invalidField(
          "the central directory", expected: "to lie within \(view.count) bytes",
          found: "at \(end.start), \(end.byteCount) bytes"))
    }
    var cursor = ByteCursor(
      try view.slice(end.start, end.byteCount, "the central directory"))
    for _ in 0..<end.count {
      members.append(try Self.member(&cursor, directoryStart: end.start))
    }
  }

  private struct End {
    let count: Int
    let byteCount: Int
    let start: Int
  }

  /// Finds the end record from the back: a comment of up to 64 KiB may follow it.
  private static func findEnd(_ view: ByteView) throws(TensorIOError) -> End {
    let tailStart = max(0, view.count - 22 - 0xFFFF)
    let tail = try view.bytes(tailStart, view.count - tailStart, "the archive's end")
    let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
    var position = tail.count - 22
    while position >= 0 && !tail[position...].starts(with: signature) { position -= 1 }
    guard position >= 0 else {
      throw TensorIOError(
        view.path, .truncated(what: "the zip directory", needed: 22, available: 0), at: view.count)
    }
    let end = tailStart + position
    let count = try view.load(UInt16.self, at: end + 10, "the end record")
    let byteCount = try view.load(UInt32.self, at: end + 12, "the end record")
    let start = try view.load(UInt32.self, at: end + 16, "the end record")
    if count == .max || byteCount == .max || start == .max, end >= 20,
      try view.load(UInt32.self, at: end - 20, "the zip64 locator") == 0x0706_4b50
    {
      return try zip64End(view, locator: end - 20)
    }
    return End(count: Int(count), byteCount: Int(byteCount), start: Int(start))
  }

  private static func zip64End(_ view: ByteView, locator: Int) throws(TensorIOError) -> End {
    let offset = try view.load(UInt64.self, at: locator + 8, "the zip64 locator")
    let record = try view.slice(Int(clamping: offset), 56, "the zip64 end record")
    guard try record.load(UInt32.self, at: 0, "the zip64 end record") == 0x0606_4b50 else {
      throw TensorIOError(
        view.path,
        .invalidField(
          "the zip64 end record", expected: "signature 0x6064b50", found: "something else"),
        at: Int(clamping: offset))
    }
    return End(
      count: Int(clamping: try record.load(UInt64.self, at: 32, "the zip64 end record")),
      byteCount: Int(clamping: try record.load(UInt64.self, at: 40, "the zip64 end record")),
      start: Int(clamping: try record.load(UInt64.self, at: 48, "the zip64 end record")))
  }

  private static func member(
    _ cursor: inout ByteCursor, directoryStart: Int
  ) throws(TensorIOError) -> ZipMember {
    let path = cursor.view.path
    let entryOffset = cursor.fileOffset
    let fixed = try cursor.slice(46, "a directory entry")
    guard try fixed.load(UInt32.self, at: 0, "an entry") == 0x0201_4b50 else {
      throw TensorIOError(
        path,
        .invalidField("a directory entry", expected: "signature 0x2014b50", found: "other bytes"),
        at: entryOffset)
    }
    let flags = try fixed.load(UInt16.self, at: 8, "an entry")
    let method = try fixed.load(UInt16.self, at: 10, "an entry")
    let nameBytes = Int(try fixed.load(UInt16.self, at: 28, "an entry"))
    let extraBytes = Int(try fixed.load(UInt16.self, at: 30, "an entry"))
    let commentBytes = Int(try fixed.load(UInt16.self, at: 32, "an entry"))
    let name = try cursor.text(nameBytes, "a member's name")
    let sizes = try Zip64Sizes(
      fixed, extra: try cursor.slice(extraBytes, "an extra field"))
    _ = try cursor.slice(commentBytes, "a member's comment")
    let member = ZipMember(
      name: name, method: method, crc: try fixed.load(UInt32.self, at: 16, "an entry"),
      compressedBytes: sizes.compressed, byteCount: sizes.uncompressed,
      headerOffset: sizes.headerOffset)
    do {
      try check(member, flags: flags, path: path, limit: directoryStart)
    } catch {
      var located = error.naming(tensor: name)
      located.byteOffset = located.byteOffset ?? entryOffset
      throw located
    }
    return member
  }

  private static func check(
    _ member: ZipMember, flags: UInt16, path: String, limit: Int
  ) throws(TensorIOError) {
    guard flags & 1 == 0 else {
      throw TensorIOError(
        path, .unsupported(what: "an encrypted member", advice: "unpack and store it plainly"))
    }
    guard member.method == 0 || member.method == 8 else {
      throw TensorIOError(
        path,
        .unsupported(
          what: "compression method \(member.method)",
          advice: "pack it stored or deflated, e.g. with numpy.savez"))
    }
    let end = member.headerOffset.addingReportingOverflow(30)
    guard !end.overflow, end.partialValue <= limit,
      member.compressedBytes <= limit - end.partialValue
    else {
      throw TensorIOError(
        path,
        .outOfFile(
          begin: member.headerOffset,
          end: member.headerOffset.addingReportingOverflow(member.compressedBytes).partialValue,
          available: limit))
    }
    if member.method == 0 && member.byteCount != member.compressedBytes {
      throw TensorIOError(
        path, .sizeMismatch(expected: member.byteCount, found: member.compressedBytes))
    }
    if member.method == 8 {
      let most = member.compressedBytes.multipliedReportingOverflow(by: maximumRatio)
      let limit = min(most.overflow ? .max : most.partialValue, maximumInflatedBytes)
      guard member.byteCount <= limit else {
        throw TensorIOError(
          path,
          .limitExceeded(what: "its inflated size", value: "\(member.byteCount)", limit: limit))
      }
    }
  }
}

/// Sizes and offset of a directory entry; the zip64 field replaces those that are all ones.
private struct Zip64Sizes {
  var compressed: Int
  var uncompressed: Int
  var headerOffset: Int

  init(_ fixed: ByteView, extra: ByteView) throws(TensorIOError) {
    let values = (
      try fixed.load(UInt32.self, at: 20, "an entry"),
      try fixed.load(UInt32.self, at: 24, "an entry"),
      try fixed.load(UInt32.self, at: 42, "an entry")
    )
    compressed = Int(values.0)
    uncompressed = Int(values.1)
    headerOffset = Int(values.2)
    guard values.0 == .max || values.1 == .max || values.2 == .max else { return }
    var cursor = ByteCursor(extra)
    while cursor.remaining >= 4 {
      let id = try cursor.read(UInt16.self, "an extra field")
      let size = Int(try cursor.read(UInt16.self, "an extra field"))
      var field = ByteCursor(try cursor.slice(size, "an extra field"))
      guard id == 1 else { continue }
      if values.1 == .max {
        uncompressed = Int(clamping: try field.read(UInt64.self, "a zip64 size"))
      }
      if values.0 == .max {
        compressed = Int(clamping: try field.read(UInt64.self, "a zip64 size"))
      }
      if values.2 == .max {
        headerOffset = Int(clamping: try field.read(UInt64.self, "a zip64 offset"))
      }
      return
    }
  }
}
