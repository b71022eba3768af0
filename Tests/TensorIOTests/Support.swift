/// Temporary folders and raw bytes for the tests of this module.
import Foundation
import TensorCore
import TensorIO

/// A folder that goes away with the value's last reference.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "tensor-io-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// Writes `bytes` and answers the file's path.
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  /// Names in the folder, hidden ones included.
  var entries: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}

func fileBytes(_ path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// The elements of a tensor as raw bytes.
func rawBytes(_ tensor: Tensor) -> [UInt8] { tensor.withUnsafeBytes { Array($0) } }

/// A tensor of any type whose bytes are 0, 1, 2, … (booleans alternate).
func patterned(_ shape: [Int], _ type: ScalarType) -> Tensor {
  let count = shape.reduce(1, *) * type.byteWidth
  let storage = TensorStorage(byteCount: count) { target in
    for index in 0..<count {
      target[index] = UInt8(truncatingIfNeeded: type == .bool ? index & 1 : index &* 7 &+ 3)
    }
  }
  return Tensor(shape: shape, scalarType: type, storage: storage)
}

/// The bytes of a little-endian integer.
func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
