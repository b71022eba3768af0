/// Raw deflate through zlib into a buffer of known size.
import CZlib
import TensorCore

/// Inflates `packed` to exactly `byteCount` bytes.
/// - Throws: `corruptCompression` where the stream is damaged or of another size.
func inflated(
  _ packed: ByteView, byteCount: Int, label: String
) throws(TensorIOError) -> ByteView {
  var failure: String?
  let storage = TensorStorage(byteCount: byteCount) { target in
    failure = packed.withUnsafeBytes { inflateRaw($0, into: target) }
  }
  if let failure {
    throw TensorIOError(label, .corruptCompression(reason: failure), at: packed.start)
  }
  return ByteView(path: label, storage: storage)
}

/// Fills `target`; answers what went wrong, `nil` where nothing did.
private func inflateRaw(
  _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
) -> String? {
  var stream = z_stream()
  // Negative window bits: no zlib header, as zip members have none.
  let status = inflateInit2_(
    &stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  guard status == Z_OK else { return "zlib cannot start (\(status))" }
  defer { inflateEnd(&stream) }
  let input = UnsafeMutableRawPointer(mutating: source.baseAddress)?
    .assumingMemoryBound(to: UInt8.self)
  let output = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
  var consumed = 0
  var produced = 0
  while true {
    // zlib counts in 32 bits: feed large members in pieces.
    let inputPart = min(source.count - consumed, 1 << 30)
    let outputPart = min(target.count - produced, 1 << 30)
    stream.next_in = input.map { $0 + consumed }
    stream.avail_in = UInt32(inputPart)
    stream.next_out = output.map { $0 + produced }
    stream.avail_out = UInt32(outputPart)
    let result = inflate(&stream, Z_NO_FLUSH)
    let progress = (inputPart - Int(stream.avail_in)) + (outputPart - Int(stream.avail_out))
    consumed += inputPart - Int(stream.avail_in)
    produced += outputPart - Int(stream.avail_out)
    if result == Z_STREAM_END {
      return produced == target.count
        ? nil : "it holds \(produced) bytes instead of \(target.count)"
    }
    guard result == Z_OK || result == Z_BUF_ERROR else {
      return "the stream is damaged after \(produced) bytes"
    }
    if progress == 0 {
      return produced == target.count
        ? "it holds more than \(target.count) bytes"
        : "the stream ends after \(produced) of \(target.count) bytes"
    }
  }
}
