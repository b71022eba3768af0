/// A pickle reader that builds data and executes nothing: opcodes outside the list are errors.

/// Reads one pickle of protocol 2 to 5.
///
/// The work is linear in the input: every opcode takes a byte and makes at most one value; the few
/// that copy containers draw on a budget.
/// - Note: Opcodes of python/cpython `Lib/pickletools.py`.
struct PickleMachine {
  let path: String
  let bytes: [UInt8]
  /// Where the next byte lies.
  var offset = 0
  /// Where the opcode being executed lies: the place that errors name.
  var opcodeOffset = 0
  var arena: [PickleValue] = []
  var stack: [PickleID] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleID] = [:]
  private var copied = 0

  /// The largest pickle accepted; whisper-large's takes 200 KB.
  static let maximumBytes = 64 << 20
  /// Items that may be copied from one container to another.
  private static let maximumCopies = 1 << 24

  init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  /// Executes up to STOP; answers the value left on the stack.
  /// - Throws: `truncated`, `unknownOpcode`, `refusedGlobal`, `invalidPickle`, `invalidText`,
  ///   `unsupported`.
  mutating func run() throws(TensorIOError) -> PickleID {
    while true {
      opcodeOffset = offset
      let opcode = try byte("an opcode")
      if opcode == UInt8(ascii: ".") { return try pop() }
      if try pushScalar(opcode) { continue }
      if try editContainer(opcode) { continue }
      if try useMemo(opcode) { continue }
      if try makeObject(opcode) { continue }
      throw fail(.unknownOpcode(opcode))
    }
  }

  func fail(_ cause: TensorIOError.Cause) -> TensorIOError {
    TensorIOError(path, cause, at: opcodeOffset)
  }

  func invalid(_ reason: String) -> TensorIOError { fail(.invalidPickle(reason: reason)) }

  /// Accounts for `count` items that an opcode copies.
  mutating func spend(_ count: Int) throws(TensorIOError) {
    copied += count
    guard copied <= Self.maximumCopies else {
      throw fail(
        .limitExceeded(
          what: "the number of copied items", value: "\(copied)", limit: Self.maximumCopies))
    }
  }

  mutating func push(_ value: PickleValue) {
    arena.append(value)
    stack.append(arena.count - 1)
  }

  mutating func pop() throws(TensorIOError) -> PickleID {
    guard stack.count > (marks.last ?? 0), let id = stack.popLast() else {
      throw invalid("a value is taken from an empty stack")
    }
    return id
  }

  /// Everything above the last mark, which goes too.
  private mutating func popToMark() throws(TensorIOError) -> [PickleID] {
    guard let mark = marks.popLast() else { throw invalid("no mark is set") }
    let ids = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return ids
  }

  private func top() throws(TensorIOError) -> PickleID {
    guard stack.count > (marks.last ?? 0), let id = stack.last else {
      throw invalid("a value is looked at on an empty stack")
    }
    return id
  }

  // MARK: Containers

  private mutating func editContainer(_ opcode: UInt8) throws(TensorIOError) -> Bool {
    switch opcode {
    case UInt8(ascii: "}"): push(.dictionary([]))
    case UInt8(ascii: "]"): push(.list([]))
    case UInt8(ascii: ")"): push(.tuple([]))
    case 0x8f: push(.set([]))
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "t"): push(.tuple(try popToMark()))
    case UInt8(ascii: "l"): push(.list(try popToMark()))
    case UInt8(ascii: "d"): push(.dictionary(try pairs(try popToMark())))
    case 0x91: push(.set(try popToMark()))
    case 0x85...0x87:
      var items: [PickleID] = []
      for _ in 0x85...opcode { items.insert(try pop(), at: 0) }
      push(.tuple(items))
    case UInt8(ascii: "a"):
      let item = try pop()
      try append([item], to: try top())
    case UInt8(ascii: "e"), 0x90:
      let items = try popToMark()
      try append(items, to: try top())
    case UInt8(ascii: "s"):
      let value = try pop()
      let key = try pop()
      try insert([(key, value)], into: try top())
    case UInt8(ascii: "u"):
      let pairs = try pairs(try popToMark())
      try insert(pairs, into: try top())
    default: return false
    }
    return true
  }

  private func pairs(_ ids: [PickleID]) throws(TensorIOError) -> [(PickleID, PickleID)] {
    guard ids.count % 2 == 0 else { throw invalid("a key without a value") }
    return stride(from: 0, to: ids.count, by: 2).map { (ids[$0], ids[$0 + 1]) }
  }

  private mutating func append(_ ids: [PickleID], to target: PickleID) throws(TensorIOError) {
    let value = arena[target]
    // Give up the arena's reference, so that the array grows in place.
    arena[target] = .none
    switch value {
    case .list(var items):
      items += ids
      arena[target] = .list(items)
    case .set(var items):
      items += ids
      arena[target] = .set(items)
    default: throw invalid("items are added to \(value.kind)")
    }
  }

  private mutating func insert(
    _ pairs: [(PickleID, PickleID)], into target: PickleID
  ) throws(TensorIOError) {
    let value = arena[target]
    guard case .dictionary(var items) = value else {
      throw invalid("pairs are added to \(value.kind)")
    }
    arena[target] = .none
    items += pairs
    arena[target] = .dictionary(items)
  }

  // MARK: Memo and stack

  private mutating func useMemo(_ opcode: UInt8) throws(TensorIOError) -> Bool {
    switch opcode {
    case UInt8(ascii: "q"): memo[Int(try byte("a memo index"))] = try top()
    case UInt8(ascii: "r"): memo[Int(try integer(UInt32.self, "a memo index"))] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): try pushMemo(Int(try byte("a memo index")))
    case UInt8(ascii: "j"): try pushMemo(Int(try integer(UInt32.self, "a memo index")))
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): stack.append(try top())
    case 0x80:
      let version = try byte("the protocol")
      guard (2...5).contains(version) else {
        throw fail(
          .unsupported(what: "pickle protocol \(version)", advice: "save it with torch.save"))
      }
    case 0x95: _ = try integer(UInt64.self, "a frame's length")
    default: return false
    }
    return true
  }

  private mutating func pushMemo(_ index: Int) throws(TensorIOError) {
    guard let id = memo[index] else { throw invalid("memo \(index) was never set") }
    stack.append(id)
  }
}
