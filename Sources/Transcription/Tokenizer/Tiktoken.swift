import TensorIO

/// OpenAI's vocabulary files: a line a token, `base64 rank`.
enum Tiktoken {
  /// Beyond OpenAI's largest file by a factor of ten.
  private static let maximumBytes = 16 << 20

  /// The tokens in the order of their ranks.
  /// - Throws: `file`; `tokenizer` where a line is malformed or ranks are not 0, 1, 2, …
  static func read(_ path: String) throws(TranscriptionError) -> [[UInt8]] {
    let bytes = try contents(path)
    var tokens: [Int: [UInt8]] = [:]
    for (index, line) in bytes.split(separator: 0x0A).enumerated() {
      let parts = line.split { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
      if parts.isEmpty { continue }
      // OpenAI writes the empty token of multilingual.tiktoken as a lone "=".
      guard parts.count == 2, let rank = Int(String(decoding: parts[1], as: UTF8.self)), rank >= 0,
        let token = decodeBase64(parts[0])
      else {
        throw .tokenizer(
          path: path, reason: "line \(index + 1) is no 'base64 rank'; is this a .tiktoken file?")
      }
      guard tokens.updateValue(token, forKey: rank) == nil else {
        throw .tokenizer(path: path, reason: "rank \(rank) appears twice (line \(index + 1))")
      }
    }
    var ordered: [[UInt8]] = []
    ordered.reserveCapacity(tokens.count)
    for rank in 0..<tokens.count {
      guard let token = tokens[rank] else {
        throw .tokenizer(
          path: path, reason: "rank \(rank) of \(tokens.count) is missing; is the file complete?")
      }
      ordered.append(token)
    }
    guard !ordered.isEmpty else { throw .tokenizer(path: path, reason: "holds no tokens") }
    return ordered
  }

  private static func contents(_ path: String) throws(TranscriptionError) -> [UInt8] {
    do throws(TensorIOError) {
      let file = try MappedFile(path)
      guard file.byteCount <= maximumBytes else {
        throw TensorIOError(
          path,
          .limitExceeded(
            what: "the file's size", value: "\(file.byteCount)", limit: maximumBytes))
      }
      return try file.view.bytes(0, file.byteCount, "the file")
    } catch {
      throw .file(error)
    }
  }

  /// The bytes of padded base64; `nil` where it is malformed. A lone `=` is nothing.
  static func decodeBase64(_ text: some Collection<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var (buffer, bits) = (UInt32(0), 0)
    var numPadding = 0
    for character in text {
      if character == UInt8(ascii: "=") {
        numPadding += 1
        continue
      }
      guard numPadding == 0, let value = base64Value(character) else { return nil }
      buffer = (buffer << 6 | value) & 0xFFFF
      bits += 6
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
      }
    }
    // What is left over are the zero bits before the padding.
    guard numPadding <= 2, bits < 6, buffer & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
    return result
  }

  private static func base64Value(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
