/// Reads zip archives: .npz, and the .pt files of PyTorch.
import TensorCore

/// One member of a zip archive, as the central directory describes it.
package struct ZipMember: Sendable {
  package let name: String
  let method: UInt16
  let crc: UInt32
  package let compressedBytes: Int
  package let byteCount: Int
  let headerOffset: Int
}

/// A zip archive's checked directory; members are unpacked when asked for.
///
/// Only the central directory counts. Members are stored or deflated, not encrypted, lie within
/// the file and do not overlap; sizes are bounded before anything is allocated.
package struct ZipArchive: Sendable {
  package let path: String
  /// Members in the directory's order, folders left out.
  package let members: [ZipMember]
  private let view: ByteView
  private let indices: [String: Int]

  /// - Throws: `empty`, `truncated`, `invalidField`, `unsupported`, `limitExceeded`, `outOfFile`,
  ///   `overlappingEntries`, `duplicateTensor`, `invalidText`.
  package init(_ view: ByteView) throws(TensorIOError) {
    guard view.count > 0 else { throw TensorIOError(view.path, .empty) }
    path = view.path
    self.view = view
    members = try ZipDirectory(view).members.filter { !$0.name.hasSuffix("/") }
    var indices: [String: Int] = [:]
    for (index, member) in members.enumerated() {
      guard indices.updateValue(index, forKey: member.name) == nil else {
        throw TensorIOError(path, .duplicateTensor, tensor: member.name, at: member.headerOffset)
      }
    }
    self.indices = indices
    try checkOverlaps()
  }

  /// The member of that name.
  package func member(_ name: String) -> ZipMember? { indices[name].map { members[$0] } }

  /// The bytes of a member: mapped where stored, inflated into memory otherwise. CRC-32 checked.
  /// - Throws: `truncated`, `invalidField`, `limitExceeded`, `corruptCompression`,
  ///   `checksumMismatch`.
  package func contents(of member: ZipMember) throws(TensorIOError) -> ByteView {
    let label = "\(path)[\(member.name)]"
    let packed = try packedBytes(of: member).renamed(label)
    let contents: ByteView
    if member.method == 0 {
      contents = packed
    } else {
      contents = try inflated(packed, byteCount: member.byteCount, label: label)
    }
    let crc = contents.withUnsafeBytes { crc32(of: [$0]) }
    guard crc == member.crc else {
      throw TensorIOError(label, .checksumMismatch(expected: member.crc, found: crc))
    }
    return contents
  }

  /// The bytes behind the member's local header.
  private func packedBytes(of member: ZipMember) throws(TensorIOError) -> ByteView {
    let header = try view.slice(member.headerOffset, 30, "a member's local header")
    let signature = try header.load(UInt32.self, at: 0, "a member's signature")
    guard signature == 0x0403_4b50 else {
      throw TensorIOError(
        path,
        .invalidField(
          "the local header's signature", expected: "0x4034b50", found: hexadecimal(signature)),
        tensor: member.name, at: member.headerOffset)
    }
    let nameBytes = Int(try header.load(UInt16.self, at: 26, "a name's length"))
    let extraBytes = Int(try header.load(UInt16.self, at: 28, "an extra field's length"))
    do {
      return try view.slice(
        member.headerOffset + 30 + nameBytes + extraBytes, member.compressedBytes,
        "the member's data")
    } catch {
      throw error.naming(tensor: member.name)
    }
  }

  /// Members that share bytes are how small archives unpack to petabytes.
  private func checkOverlaps() throws(TensorIOError) {
    var end = 0
    var previous = ""
    for member in members.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      guard member.headerOffset >= end else {
        throw TensorIOError(
          path, .overlappingEntries(previous), tensor: member.name, at: member.headerOffset)
      }
      // Both were checked to lie within the file, so that the sum cannot overflow.
      end = member.headerOffset + 30 + member.compressedBytes
      previous = member.name
    }
  }
}
