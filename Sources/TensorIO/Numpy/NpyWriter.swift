/// Writes .npy bytes: version 1.0 headers, C order, little-endian.
package import TensorCore

/// The header of a .npy file for `tensor`, padded so that elements start at a multiple of 64 bytes.
func npyHeaderBytes(for tensor: Tensor) -> [UInt8] {
  let extents = tensor.shape.map(String.init).joined(separator: ", ")
  let shape = tensor.shape.count == 1 ? "(\(extents),)" : "(\(extents))"
  let text =
    "{'descr': '\(tensor.scalarType.npyDescr)', 'fortran_order': False, 'shape': \(shape), }"
  // Magic, version and length take 10 bytes; a line feed ends the header.
  let total = (10 + text.utf8.count + 1 + 63) / 64 * 64
  let length = total - 10
  let padding = [UInt8](repeating: 0x20, count: length - text.utf8.count - 1)
  return NpyHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
    + padding + [0x0A]
}

/// Writes one tensor as a .npy file, atomically.
/// - Throws: `diskFull`, `cannotWrite`, `isDirectory`, `notARegularFile`.
package func writeNpy(_ tensor: Tensor, to path: String) throws(TensorIOError) {
  let file = try AtomicFile(path)
  try file.append(npyHeaderBytes(for: tensor))
  try tensor.withUnsafeBytes { (bytes) throws(TensorIOError) in try file.append(bytes) }
  try file.commit()
}
