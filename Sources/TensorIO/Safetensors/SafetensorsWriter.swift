/// Writes safetensors files tensor by tensor, so that a dump never has to be in memory.
package import TensorCore

/// A safetensors file under construction. Tensors lie in the order of their writing; the same
/// tensors and metadata in the same order give the same bytes. Not thread-safe.
///
/// The header stands before the elements but is known last: room is reserved for it, and the
/// elements are moved on `finish` where the room does not fit.
package final class SafetensorsWriter: DumpWriter {
  package var metadata: [String: String] = [:]
  private let file: AtomicFile
  private var entries: [SafetensorsEntry] = []
  private var written: Set<String> = []

  /// Room for a header of about 300 tensors; a page multiple keeps elements aligned.
  private static let reservedBytes = 32 << 10
  /// Elements are moved to close unused room only where that is cheap.
  private static let movableBytes = 64 << 20

  package init(_ path: String) throws(TensorIOError) {
    file = try AtomicFile(path)
    try file.resize(to: Self.reservedBytes)
  }

  /// Appends one tensor.
  /// - Throws: `duplicateTensor`, `diskFull`, `cannotWrite`.
  package func write(_ tensor: Tensor, named name: String) throws(TensorIOError) {
    guard name != "__metadata__", written.insert(name).inserted else {
      throw TensorIOError(file.path, .duplicateTensor, tensor: name)
    }
    let begin = file.byteCount - Self.reservedBytes
    try tensor.withUnsafeBytes { (bytes) throws(TensorIOError) in try file.append(bytes) }
    entries.append(
      SafetensorsEntry(
        name: name, shape: tensor.shape, scalarType: tensor.scalarType, begin: begin,
        end: begin + tensor.byteCount))
  }

  /// Writes the header and puts the file in place.
  package func finish() throws(TensorIOError) {
    let text = Array(headerText().utf8)
    // The elements start at a multiple of 64 bytes.
    let fitting = (8 + text.count + 63) / 64 * 64
    let dataBytes = file.byteCount - Self.reservedBytes
    var start = Self.reservedBytes
    if fitting > start || dataBytes <= Self.movableBytes {
      try moveElements(to: fitting, count: dataBytes)
      start = fitting
    }
    var header = [UInt8](repeating: UInt8(ascii: " "), count: start)
    withUnsafeBytes(of: UInt64(start - 8).littleEndian) { header.replaceSubrange(0..<8, with: $0) }
    header.replaceSubrange(8..<(8 + text.count), with: text)
    try header.span.withUnsafeBytes { (raw) throws(TensorIOError) in try file.write(raw, at: 0) }
    try file.commit()
  }

  package func cancel() { file.cancel() }

  private func headerText() -> String {
    var header = JSONObject()
    if !metadata.isEmpty {
      var strings = JSONObject()
      for key in metadata.keys.sorted() { strings.set(key, .string(metadata[key] ?? "")) }
      header.set("__metadata__", .object(strings))
    }
    for entry in entries {
      var fields = JSONObject()
      fields.set("dtype", .string(entry.scalarType.safetensorsCode))
      fields.set("shape", .array(entry.shape.map { .integer($0) }))
      fields.set("data_offsets", .array([.integer(entry.begin), .integer(entry.end)]))
      header.set(entry.name, .object(fields))
    }
    return JSONValue.object(header).text
  }

  /// Moves `count` bytes from the end of the reserved room to `start`, in blocks, in place.
  private func moveElements(to start: Int, count: Int) throws(TensorIOError) {
    let from = Self.reservedBytes
    guard start != from else { return }
    let block = 1 << 20
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: block, alignment: 64)
    defer { buffer.deallocate() }
    let blocks = (count + block - 1) / block
    for index in 0..<blocks {
      // Towards the end of the file the last block goes first, lest it be overwritten.
      let position = (start > from ? blocks - 1 - index : index) * block
      let part = UnsafeMutableRawBufferPointer(
        rebasing: buffer[..<min(block, count - position)])
      try file.read(into: part, at: from + position)
      try file.write(UnsafeRawBufferPointer(part), at: start + position)
    }
    try file.resize(to: start + count)
  }
}
