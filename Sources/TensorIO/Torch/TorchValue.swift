/// What a PyTorch checkpoint holds besides tensors: numbers, strings and containers.
import TensorCore

/// A value of a checkpoint's tree. Nothing in it was executed to make it.
package indirect enum TorchValue: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case list([TorchValue])
  case tuple([TorchValue])
  /// Pairs in the order of insertion; a later pair replaces an earlier one of the same key.
  case dictionary([(key: TorchValue, value: TorchValue)])
  /// A tensor; its name is the dotted path to here.
  case tensor(name: String)
  /// The name of a type or constant, e.g. `torch.float16`; never called.
  case symbol(String)

  /// The member `key` of a dictionary.
  package subscript(key: String) -> TorchValue? {
    guard case .dictionary(let pairs) = self else { return nil }
    return pairs.last { $0.key.text == key }?.value
  }

  /// An integer, where the value is one.
  package var intValue: Int? {
    if case .int(let value) = self { value } else { nil }
  }

  /// Scalars as text, as they stand in dotted paths and in metadata; `nil` for everything else.
  package var text: String? {
    switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .double(let value): String(value)
    case .string(let value), .symbol(let value): value
    case .bytes, .list, .tuple, .dictionary, .tensor: nil
    }
  }
}

/// Where the elements of a tensor lie: a strided view of a storage.
struct TorchTensorReference: Sendable {
  let storageKey: String
  /// Elements in the storage.
  let storageCount: Int
  let scalarType: ScalarType
  /// In elements, as all strides.
  let offset: Int
  let shape: [Int]
  let strides: [Int]
  /// The type as the checkpoint spells it: `torch.HalfStorage`.
  let storedType: String
}
