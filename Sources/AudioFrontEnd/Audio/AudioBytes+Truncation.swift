/// Tells truncated files whose headers libsndfile corrects without a word.

extension AudioBytes {
  /// Compares the sizes that WAV, AIFF, MP3 and Ogg state with the bytes that are there.
  ///
  /// FLAC states its samples, which are counted while decoding.
  /// - Throws: `AudioError.truncated`.
  func checkComplete() throws(AudioError) {
    guard bytes.count >= 12 else { return }
    if tag(at: 0) == "RIFF" && tag(at: 8) == "WAVE" {
      try checkChunk("data", bigEndian: false)
    } else if tag(at: 0) == "FORM" && tag(at: 8).hasPrefix("AIF") {
      try checkChunk("SSND", bigEndian: true)
    } else if tag(at: 0) == "OggS" {
      try checkLastPage()
    } else {
      try checkXingHeader()
    }
  }

  /// Writers to a pipe cannot know the size and put 2³¹ − 4096 (sox) to 2³² − 1 (ffmpeg) there:
  /// those are believed.
  private func checkChunk(_ name: String, bigEndian: Bool) throws(AudioError) {
    var offset = 12
    while offset + 8 <= bytes.count {
      let size = bigEndian ? bigEndianLength(at: offset + 4) : littleEndianLength(at: offset + 4)
      if tag(at: offset) == name {
        let found = bytes.count - offset - 8
        guard size < 0x7FFF_F000, size > found else { return }
        throw .truncated(self.name, expected: size, found: found, unit: "bytes of samples")
      }
      // Chunks are padded to even lengths.
      offset += 8 + size + (size & 1)
    }
  }

  /// A cut almost always falls inside a page; pages state their length in their segment table.
  private func checkLastPage() throws(AudioError) {
    let longestPage = 27 + 255 + 255 * 255
    let start = max(0, bytes.count - longestPage)
    var page = bytes.count - 4
    while page >= start && tag(at: page) != "OggS" { page -= 1 }
    guard page >= start else { return }
    let found = bytes.count - page
    var expected = 27
    if found >= 27 {
      let segments = Int(bytes[page + 26])
      expected += segments
      for index in 0..<min(segments, max(0, found - 27)) {
        expected += Int(bytes[page + 27 + index])
      }
    }
    guard expected > found else { return }
    throw .truncated(name, expected: expected, found: found, unit: "bytes in its last page")
  }

  /// Encoders put the stream's length into the first frame, behind `Xing` or `Info`.
  private func checkXingHeader() throws(AudioError) {
    var start = 0
    if tag(at: 0).hasPrefix("ID3") {
      // Four times seven bits, without the ten bytes of the tag's own header.
      start = 10 + bytes[6..<10].reduce(0) { $0 << 7 | Int($1 & 0x7F) }
    }
    guard start + 64 <= bytes.count, bytes[start] == 0xFF, bytes[start + 1] & 0xE0 == 0xE0 else {
      return
    }
    for offset in start..<(start + 48) where ["Xing", "Info"].contains(tag(at: offset)) {
      guard offset + 16 <= bytes.count else { return }
      let flags = bigEndianLength(at: offset + 4)
      guard flags & 2 != 0 else { return }
      let expected = bigEndianLength(at: offset + (flags & 1 != 0 ? 12 : 8))
      let found = bytes.count - start
      // Editors that retag a file leave the figure a little wrong.
      guard expected - found > max(4096, expected / 50) else { return }
      throw .truncated(name, expected: expected, found: found, unit: "bytes of MPEG frames")
    }
  }

  private func tag(at offset: Int) -> String {
    String(decoding: bytes[offset..<(offset + 4)], as: UTF8.self)
  }

  private func littleEndianLength(at offset: Int) -> Int {
    bytes[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private func bigEndianLength(at offset: Int) -> Int {
    bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) }
  }
}
