/// Tells truncated RIFF and AIFF files, whose headers libsndfile silently corrects.

extension AudioBytes {
  /// Compares the size that the header gives for the sample data with the bytes that follow it.
  ///
  /// Writers to a pipe cannot know the size and put 2³¹ − 4096 or more there: those are believed.
  /// - Throws: `AudioError.truncated`.
  func checkDataChunk() throws(AudioError) {
    guard bytes.count >= 12 else { return }
    let isRIFF = tag(at: 0) == "RIFF" && tag(at: 8) == "WAVE"
    let isAIFF = tag(at: 0) == "FORM" && tag(at: 8).hasPrefix("AIF")
    guard isRIFF || isAIFF else { return }
    var offset = 12
    while offset + 8 <= bytes.count {
      let size = length(at: offset + 4, bigEndian: isAIFF)
      let remaining = bytes.count - offset - 8
      if tag(at: offset) == (isRIFF ? "data" : "SSND") {
        if size < Self.unknownSize && size > remaining {
          throw .truncated(name, expected: size, found: remaining, unit: "bytes of samples")
        }
        return
      }
      // Chunks are padded to even lengths.
      offset += 8 + size + (size & 1)
    }
  }

  /// From here on a size means "unknown": sox writes 0x7FFFF000 and up, ffmpeg 0xFFFFFFFF.
  private static let unknownSize = 0x7FFF_F000

  private func tag(at offset: Int) -> String {
    String(decoding: bytes[offset..<(offset + 4)], as: UTF8.self)
  }

  private func length(at offset: Int, bigEndian: Bool) -> Int {
    let four = bytes[offset..<(offset + 4)]
    return (bigEndian ? Array(four) : four.reversed()).reduce(0) { $0 << 8 | Int($1) }
  }
}
