/// What every container of tensors offers, whatever its format.
package import TensorCore

/// What is known of a tensor without reading its elements.
package struct TensorInfo: Sendable, Equatable {
  package let name: String
  /// Extents, outermost first.
  package let shape: [Int]
  /// The element type that `tensor(_:)` returns.
  package let scalarType: ScalarType
  /// The element type in the file as the format spells it: `F32`, `<f4`, `q5_0`, …
  package let storedType: String

  package init(name: String, shape: [Int], scalarType: ScalarType, storedType: String) {
    self.name = name
    self.shape = shape
    self.scalarType = scalarType
    self.storedType = storedType
  }
}

/// A file or folder of named tensors; elements are read when asked for, mapped where possible.
package protocol TensorSource: Sendable {
  /// The file or folder as the user named it.
  var path: String { get }
  /// The container in words: `safetensors`, `npz`, …
  var formatName: String { get }
  /// Names of all tensors, in the file's order.
  var names: [String] { get }
  /// Strings stored beside the tensors; empty where the format has none.
  var metadata: [String: String] { get }
  /// Shape and type of one tensor.
  /// - Throws: `noSuchTensor`, or what is wrong with the tensor's header.
  func info(_ name: String) throws(TensorIOError) -> TensorInfo
  /// One tensor; mapped, not copied, where the bytes lie contiguous in the file.
  /// - Throws: `noSuchTensor`, or what is wrong with the tensor's bytes. NaN and ∞ are no error.
  func tensor(_ name: String) throws(TensorIOError) -> Tensor
}

extension TensorSource {
  /// The error for a name that the source does not hold, with the nearest that it does.
  func noSuchTensor(_ name: String) -> TensorIOError {
    TensorIOError(path, .noSuchTensor(nearest: nearestName(to: name, in: names)), tensor: name)
  }
}
