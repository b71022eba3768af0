/// Values while a pickle is read. Containers are references into one arena, so that shared and
/// cyclic values cost nothing and no release recurses.
import TensorCore

/// Index of a value in the machine's arena.
typealias PickleID = Int

enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  /// An integer beyond 64 bits: kept as a fact, not as a number.
  case largeInt
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case list([PickleID])
  case tuple([PickleID])
  case set([PickleID])
  case dictionary([(PickleID, PickleID)])
  case global(PickleGlobal)
  case storage(TorchStorageReference)
  case tensor(TorchTensorReference)

  /// The kind in words, for messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a boolean"
    case .int, .largeInt: "an integer"
    case .double: "a float"
    case .string: "a string"
    case .bytes: "bytes"
    case .list: "a list"
    case .tuple: "a tuple"
    case .set: "a set"
    case .dictionary: "a dictionary"
    case .global(let global): "'\(global.name)'"
    case .storage: "a storage"
    case .tensor: "a tensor"
    }
  }
}

/// A storage that a pickle names: an archive member of `count` elements.
struct TorchStorageReference {
  let key: String
  let count: Int
  /// `nil` for untyped storages, whose tensors say the type.
  let scalarType: ScalarType?
  let storedType: String
}

/// The names a pickle may mention. None is looked up or called: each stands for code here.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case plainDictionary
  case list
  case set
  case size
  case device
  case encode
  case rebuildTensor
  case rebuildTensorV2
  case rebuildTensorV3
  case rebuildParameter
  case storage(String, ScalarType?)
  case dtype(String, ScalarType?)

  /// The global of that name; `nil` for everything that tensors do not need.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("builtins", "dict"), ("__builtin__", "dict"): self = .plainDictionary
    case ("builtins", "list"), ("__builtin__", "list"): self = .list
    case ("builtins", "set"), ("__builtin__", "set"): self = .set
    case ("torch", "Size"): self = .size
    case ("torch", "device"): self = .device
    case ("_codecs", "encode"): self = .encode
    case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorV3
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", "UntypedStorage"), ("torch.storage", "UntypedStorage"):
      self = .storage("\(module).\(name)", nil)
    case ("torch", _):
      if let type = Self.storages[name] {
        self = .storage("torch.\(name)", type)
      } else if let type = Self.dtypes[name] {
        self = .dtype("torch.\(name)", type)
      } else if Self.otherDtypes.contains(name) {
        self = .dtype("torch.\(name)", nil)
      } else {
        return nil
      }
    default: return nil
    }
  }

  var name: String {
    switch self {
    case .orderedDictionary: "collections.OrderedDict"
    case .plainDictionary: "dict"
    case .list: "list"
    case .set: "set"
    case .size: "torch.Size"
    case .device: "torch.device"
    case .encode: "_codecs.encode"
    case .rebuildTensor: "torch._utils._rebuild_tensor"
    case .rebuildTensorV2: "torch._utils._rebuild_tensor_v2"
    case .rebuildTensorV3: "torch._utils._rebuild_tensor_v3"
    case .rebuildParameter: "torch._utils._rebuild_parameter"
    case .storage(let name, _), .dtype(let name, _): name
    }
  }

  private static let storages: [String: ScalarType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32,
    "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]

  private static let dtypes: [String: ScalarType] = [
    "float64": .float64, "double": .float64, "float32": .float32, "float": .float32,
    "float16": .float16, "half": .float16, "bfloat16": .bfloat16, "int64": .int64, "long": .int64,
    "int32": .int32, "int": .int32, "int16": .int16, "short": .int16, "int8": .int8,
    "uint8": .uint8, "uint16": .uint16, "uint32": .uint32, "uint64": .uint64, "bool": .bool,
  ]

  /// Types that exist as names; a tensor of one is refused when it is built.
  private static let otherDtypes: Set<String> = [
    "complex32", "complex64", "complex128", "float8_e4m3fn", "float8_e5m2", "qint8", "quint8",
    "qint32", "contiguous_format", "preserve_format", "strided",
  ]
}
