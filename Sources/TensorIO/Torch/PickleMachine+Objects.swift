/// Opcodes that name, make and fill objects: only those that tensors and containers need.
import TensorCore

extension PickleMachine {
  /// Executes `opcode` where it concerns objects; answers whether it did.
  mutating func makeObject(_ opcode: UInt8) throws(TensorIOError) -> Bool {
    switch opcode {
    case UInt8(ascii: "c"):
      let module = try line("a module's name")
      try pushGlobal(module, try line("a global's name"))
    case 0x93:
      let name = try popString("a global's name")
      try pushGlobal(try popString("a module's name"), name)
    case UInt8(ascii: "Q"):
      push(.storage(try storage(try pop())))
    case UInt8(ascii: "R"), 0x81:
      let arguments = try popTuple("arguments")
      let callee = try pop()
      guard case .global(let global) = arena[callee] else {
        throw invalid("\(arena[callee].kind) is called")
      }
      push(try rebuild(global, arguments))
    case UInt8(ascii: "b"):
      // State set on a container is Python's bookkeeping (OrderedDict._metadata): dropped.
      _ = try pop()
      guard let target = stack.last else { throw invalid("state without an object") }
      switch arena[target] {
      case .dictionary, .tensor: break
      default: throw invalid("state is set on \(arena[target].kind)")
      }
    default: return false
    }
    return true
  }

  private mutating func pushGlobal(_ module: String, _ name: String) throws(TensorIOError) {
    guard let global = PickleGlobal(module: module, name: name) else {
      throw fail(.refusedGlobal("\(module).\(name)"))
    }
    push(.global(global))
  }

  private mutating func popString(_ what: String) throws(TensorIOError) -> String {
    let id = try pop()
    guard case .string(let text) = arena[id] else {
      throw invalid("\(what) is \(arena[id].kind)")
    }
    return text
  }

  private mutating func popTuple(_ what: String) throws(TensorIOError) -> [PickleID] {
    let id = try pop()
    guard case .tuple(let items) = arena[id] else {
      throw invalid("\(what) are \(arena[id].kind)")
    }
    return items
  }

  /// What calling `global` with `arguments` would make, made without calling anything.
  private mutating func rebuild(
    _ global: PickleGlobal, _ arguments: [PickleID]
  ) throws(TensorIOError) -> PickleValue {
    switch global {
    case .orderedDictionary, .plainDictionary: return try rebuildDictionary(arguments)
    case .list, .set, .size:
      guard let first = arguments.first else { return global == .set ? .set([]) : .list([]) }
      let items = try sequence(first, "the items of \(global.name)")
      try spend(items.count)
      switch global {
      case .set: return .set(items)
      case .size: return .tuple(items)
      default: return .list(items)
      }
    case .device:
      let parts = arguments.compactMap { id -> String? in
        switch arena[id] {
        case .string(let text): text
        case .int(let index): String(index)
        default: nil
        }
      }
      return .string(parts.joined(separator: ":"))
    case .encode:
      guard let first = arguments.first, case .string(let text) = arena[first] else {
        throw invalid("_codecs.encode without text")
      }
      try spend(text.utf8.count)
      return .bytes(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    case .rebuildParameter:
      guard let first = arguments.first, case .tensor = arena[first] else {
        throw invalid("a parameter without a tensor")
      }
      return arena[first]
    case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3:
      return .tensor(try tensor(arguments, global))
    case .storage, .dtype: throw invalid("'\(global.name)' is called")
    }
  }

  private mutating func rebuildDictionary(_ arguments: [PickleID]) throws(TensorIOError)
    -> PickleValue
  {
    guard let first = arguments.first else { return .dictionary([]) }
    var pairs: [(PickleID, PickleID)] = []
    let items = try sequence(first, "the items of a dictionary")
    try spend(items.count)
    for id in items {
      let pair = try sequence(id, "an item of a dictionary")
      guard pair.count == 2 else { throw invalid("an item of a dictionary is no pair") }
      pairs.append((pair[0], pair[1]))
    }
    return .dictionary(pairs)
  }

  private func sequence(_ id: PickleID, _ what: String) throws(TensorIOError) -> [PickleID] {
    switch arena[id] {
    case .list(let items), .tuple(let items), .set(let items): return items
    default: throw invalid("\(what) are \(arena[id].kind)")
    }
  }

  private func int(_ id: PickleID, _ what: String) throws(TensorIOError) -> Int {
    guard case .int(let value) = arena[id] else {
      throw invalid("\(what) is \(arena[id].kind), not a 64-bit integer")
    }
    return value
  }

  private func ints(_ id: PickleID, _ what: String) throws(TensorIOError) -> [Int] {
    let items = try sequence(id, what)
    guard items.count <= maximumRank else {
      throw fail(.limitExceeded(what: what, value: "\(items.count) axes", limit: maximumRank))
    }
    var values: [Int] = []
    for item in items { values.append(try int(item, what)) }
    return values
  }

  /// A persistent id: `('storage', torch.FloatStorage, key, location, count)`.
  private func storage(_ id: PickleID) throws(TensorIOError) -> TorchStorageReference {
    let parts = try sequence(id, "a persistent id")
    guard parts.count >= 5, case .string("storage") = arena[parts[0]],
      case .global(.storage(let name, let type)) = arena[parts[1]],
      case .string(let key) = arena[parts[2]]
    else { throw invalid("a persistent id that names no storage") }
    let count = try int(parts[4], "a storage's size")
    guard count >= 0 else { throw invalid("a storage of \(count) elements") }
    return TorchStorageReference(key: key, count: count, scalarType: type, storedType: name)
  }

  /// `(storage, offset, size, stride, requires_grad, hooks[, dtype, metadata])`.
  private func tensor(
    _ arguments: [PickleID], _ global: PickleGlobal
  ) throws(TensorIOError) -> TorchTensorReference {
    guard arguments.count >= (global == .rebuildTensorV3 ? 7 : 4),
      case .storage(let storage) = arena[arguments[0]]
    else { throw invalid("a tensor without a storage") }
    var type = storage.scalarType
    var storedType = storage.storedType
    if global == .rebuildTensorV3 {
      guard case .global(.dtype(let name, let dtype)) = arena[arguments[6]] else {
        throw invalid("a tensor without a dtype")
      }
      type = dtype
      storedType = name
    }
    guard let type else {
      throw fail(
        .unsupportedDtype(storedType, advice: "convert it with .float() before torch.save"))
    }
    // An untyped storage counts bytes.
    let width = storage.scalarType == nil ? type.byteWidth : 1
    return TorchTensorReference(
      storageKey: storage.key, storageCount: storage.count / width, scalarType: type,
      offset: try int(arguments[1], "a tensor's offset"),
      shape: try ints(arguments[2], "a tensor's size"),
      strides: try ints(arguments[3], "a tensor's strides"), storedType: storedType)
  }
}
