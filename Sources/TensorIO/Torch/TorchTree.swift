/// Turns what a pickle left into a tree: shared values copied, cycles and excess refused.

/// Builds the value tree and collects the tensors by their dotted paths.
struct TorchTreeBuilder {
  let path: String
  let arena: [PickleValue]
  private(set) var names: [String] = []
  private(set) var tensors: [String: TorchTensorReference] = [:]
  /// Scalars by their dotted paths.
  private(set) var scalars: [String: String] = [:]
  private var nodes = 0
  private var nameBytes = 0

  static let maximumDepth = 32
  /// Shared values are copied for each place they stand in: a bound against exponential growth.
  static let maximumNodes = 1 << 18
  private static let maximumNameBytes = 4096
  private static let maximumTotalNameBytes = 64 << 20

  init(path: String, arena: [PickleValue]) {
    self.path = path
    self.arena = arena
  }

  /// - Throws: `limitExceeded` (depth, which is how cycles show; values), `duplicateTensor`.
  mutating func build(_ root: PickleID) throws(TensorIOError) -> TorchValue {
    try value(root, name: "", depth: 0)
  }

  private mutating func value(
    _ id: PickleID, name: String, depth: Int
  ) throws(TensorIOError) -> TorchValue {
    try check(name, depth: depth)
    let result: TorchValue
    switch arena[id] {
    case .none: result = .none
    case .bool(let value): result = .bool(value)
    case .int(let value): result = .int(value)
    case .largeInt: result = .symbol("an integer beyond 64 bits")
    case .double(let value): result = .double(value)
    case .string(let value): result = .string(value)
    case .bytes(let value): result = .bytes(value)
    case .global(let global): result = .symbol(global.name)
    case .storage(let storage): result = .symbol("storage \(storage.key)")
    case .list(let ids), .set(let ids): return .list(try items(ids, name, depth))
    case .tuple(let ids): return .tuple(try items(ids, name, depth))
    case .dictionary(let pairs): return try dictionary(pairs, name, depth)
    case .tensor(let reference):
      guard tensors.updateValue(reference, forKey: name) == nil else {
        throw TensorIOError(path, .duplicateTensor, tensor: name)
      }
      names.append(name)
      return .tensor(name: name)
    }
    if let text = result.text, !name.isEmpty { scalars[name] = text }
    return result
  }

  private mutating func items(
    _ ids: [PickleID], _ name: String, _ depth: Int
  ) throws(TensorIOError) -> [TorchValue] {
    var values: [TorchValue] = []
    for (index, id) in ids.enumerated() {
      values.append(try value(id, name: joined(name, String(index)), depth: depth + 1))
    }
    return values
  }

  private mutating func dictionary(
    _ pairs: [(PickleID, PickleID)], _ name: String, _ depth: Int
  ) throws(TensorIOError) -> TorchValue {
    var values: [(key: TorchValue, value: TorchValue)] = []
    for (keyID, valueID) in pairs {
      let key = key(keyID)
      let child = joined(name, key.text ?? "key \(values.count)")
      values.append((key, try value(valueID, name: child, depth: depth + 1)))
    }
    return .dictionary(values)
  }

  /// Keys are scalars; of a container only its kind is kept.
  private func key(_ id: PickleID) -> TorchValue {
    switch arena[id] {
    case .string(let text): .string(text)
    case .int(let value): .int(value)
    case .bool(let value): .bool(value)
    case .double(let value): .double(value)
    case .none: .none
    default: .symbol(arena[id].kind)
    }
  }

  private func joined(_ name: String, _ part: String) -> String {
    name.isEmpty ? part : name + "." + part
  }

  private mutating func check(_ name: String, depth: Int) throws(TensorIOError) {
    nodes += 1
    nameBytes += name.utf8.count
    // Checked for each value: nothing is made unless a limit is passed.
    if depth > Self.maximumDepth {
      throw excess("the depth of nesting", depth, Self.maximumDepth)
    }
    if nodes > Self.maximumNodes {
      throw excess("the number of values", nodes, Self.maximumNodes)
    }
    if name.utf8.count > Self.maximumNameBytes {
      throw excess("the length of a name", name.utf8.count, Self.maximumNameBytes)
    }
    if nameBytes > Self.maximumTotalNameBytes {
      throw excess("the length of all names", nameBytes, Self.maximumTotalNameBytes)
    }
  }

  private func excess(_ what: String, _ value: Int, _ limit: Int) -> TensorIOError {
    TensorIOError(path, .limitExceeded(what: what, value: "\(value)", limit: limit))
  }
}
