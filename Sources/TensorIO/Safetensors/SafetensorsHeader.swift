/// The header of a safetensors file: one entry a tensor, checked as a whole.
import TensorCore

/// One tensor of the header; offsets count from the end of the header.
struct SafetensorsEntry: Sendable {
  let name: String
  let shape: [Int]
  let scalarType: ScalarType
  let begin: Int
  let end: Int
}

/// All tensors, ordered by where they lie, and the metadata.
struct SafetensorsHeader {
  let ordered: [SafetensorsEntry]
  let metadata: [String: String]

  init(_ object: JSONObject, path: String) throws(TensorIOError) {
    var entries: [SafetensorsEntry] = []
    var metadata: [String: String] = [:]
    for key in object.keys {
      guard let value = object[key] else { continue }
      if key == "__metadata__" {
        metadata = try Self.metadata(value, path: path)
      } else {
        entries.append(try Self.entry(key, value, path: path))
      }
    }
    self.metadata = metadata
    ordered = entries.sorted { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
  }

  /// Checks that the tensors tile the data exactly: inside, no overlap, no gap, nothing after.
  func checkOffsets(path: String, dataOffset: Int, available: Int) throws(TensorIOError) {
    var position = 0
    var previous = ""
    for entry in ordered {
      guard entry.end <= available else {
        throw TensorIOError(
          path, .outOfFile(begin: entry.begin, end: entry.end, available: available),
          tensor: entry.name, at: dataOffset + entry.begin)
      }
      if entry.begin < position {
        throw TensorIOError(
          path, .overlapsTensor(previous), tensor: entry.name, at: dataOffset + entry.begin)
      }
      if entry.begin > position {
        throw TensorIOError(
          path, .gapBeforeTensor(bytes: entry.begin - position), tensor: entry.name,
          at: dataOffset + position)
      }
      position = entry.end
      previous = entry.name
    }
    guard position == available else {
      throw TensorIOError(path, .trailingBytes(available - position), at: dataOffset + position)
    }
  }

  private static func metadata(
    _ value: JSONValue, path: String
  ) throws(TensorIOError) -> [String: String] {
    guard case .object(let object) = value else {
      throw TensorIOError(
        path, .invalidField("'__metadata__'", expected: "an object", found: value.kind))
    }
    var metadata: [String: String] = [:]
    for key in object.keys {
      guard case .string(let text)? = object[key] else {
        throw TensorIOError(
          path,
          .invalidField(
            "metadata '\(key)'", expected: "a string", found: object[key]?.kind ?? "missing"))
      }
      metadata[key] = text
    }
    return metadata
  }

  private static func entry(
    _ name: String, _ value: JSONValue, path: String
  ) throws(TensorIOError) -> SafetensorsEntry {
    guard let object = value.objectValue else {
      throw TensorIOError(
        path, .invalidField("its header entry", expected: "an object", found: value.kind),
        tensor: name)
    }
    guard let dtype = object["dtype"]?.stringValue else {
      throw TensorIOError(path, .missingField("dtype"), tensor: name)
    }
    guard let type = ScalarType(safetensorsCode: dtype) else {
      throw TensorIOError(
        path, .unsupportedDtype(dtype, advice: "convert it to F32, F16 or BF16"), tensor: name)
    }
    let shape = try integers(object, "shape", name, path)
    let offsets = try integers(object, "data_offsets", name, path)
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw TensorIOError(
        path,
        .invalidField("data_offsets", expected: "[begin, end], begin ≤ end", found: "\(offsets)"),
        tensor: name)
    }
    let needed = try checkedByteCount(shape, type, path: path, tensor: name)
    guard needed == offsets[1] - offsets[0] else {
      throw TensorIOError(
        path, .sizeMismatch(expected: needed, found: offsets[1] - offsets[0]), tensor: name)
    }
    return SafetensorsEntry(
      name: name, shape: shape, scalarType: type, begin: offsets[0], end: offsets[1])
  }

  private static func integers(
    _ object: JSONObject, _ field: String, _ name: String, _ path: String
  ) throws(TensorIOError) -> [Int] {
    guard let value = object[field] else {
      throw TensorIOError(path, .missingField(field), tensor: name)
    }
    guard let array = value.arrayValue else {
      throw TensorIOError(
        path, .invalidField(field, expected: "an array of integers", found: value.kind),
        tensor: name)
    }
    var integers: [Int] = []
    for element in array.prefix(maximumRank + 1) {
      guard let integer = element.intValue else {
        throw TensorIOError(
          path, .invalidField(field, expected: "64-bit integers", found: element.text),
          tensor: name)
      }
      integers.append(integer)
    }
    return integers
  }
}
