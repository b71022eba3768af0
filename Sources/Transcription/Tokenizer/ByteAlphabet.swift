/// GPT-2's printable stand-ins for bytes, in which Hugging Face writes byte-level tokens.
///
/// Bytes that print stand for themselves; the other 68 are numbered from U+0100 on, so that a space
/// is `Ġ` (U+0120).
/// - Note: Source openai/gpt-2 encoder.py `bytes_to_unicode`.
enum ByteAlphabet {
  /// The scalar that stands for each byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...255).map { byte in
      if printable.contains(where: { $0.contains(byte) }) { return Unicode.Scalar(UInt8(byte)) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? "?"
    }
  }()

  private static let printable: [ClosedRange<Int>] = [33...126, 161...172, 174...255]

  private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
    uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8($0)) })

  /// The bytes that a token's text stands for; `nil` where a character is of no byte.
  static func bytes(of text: String) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard let byte = bytes[scalar] else { return nil }
      result.append(byte)
    }
    return result
  }
}
