/// Reads PyTorch checkpoints (.pt): a zip archive of a pickle and one member a storage.
package import TensorCore

/// A mapped PyTorch checkpoint. The pickle is read by a machine that executes nothing.
///
/// A tensor's name is the dotted path to it: `model_state_dict.encoder.conv1.weight`.
/// `metadata` holds the scalars likewise: `dims.n_mels` → `80`.
/// - Note: Format of pytorch/pytorch `torch/serialization.py`, `_save`.
package struct TorchCheckpoint: TensorSource {
  package let path: String
  package let names: [String]
  package let metadata: [String: String]
  package let formatName = "PyTorch checkpoint"
  /// Everything the checkpoint holds, tensors by name.
  package let root: TorchValue
  private let archive: ZipArchive
  private let prefix: String
  private let isBigEndian: Bool
  private let tensors: [String: TorchTensorReference]

  /// - Throws: what `ZipArchive` throws; `missingField` without a pickle; `unknownOpcode`,
  ///   `refusedGlobal`, `invalidPickle`, `limitExceeded`, `unsupported`.
  package init(_ path: String) throws(TensorIOError) {
    try self.init(try MappedFile(path).view)
  }

  package init(_ view: ByteView) throws(TensorIOError) {
    try self.init(try ZipArchive(view))
  }

  init(_ archive: ZipArchive) throws(TensorIOError) {
    self.archive = archive
    path = archive.path
    guard let member = Self.pickleMember(of: archive) else {
      throw TensorIOError(path, .missingField("data.pkl"))
    }
    prefix = String(member.name.dropLast("data.pkl".count))
    if archive.member(prefix + "constants.pkl") != nil {
      throw TensorIOError(
        path,
        .unsupported(what: "a TorchScript archive", advice: "save model.state_dict() instead"))
    }
    guard member.byteCount <= PickleMachine.maximumBytes else {
      throw TensorIOError(
        path,
        .limitExceeded(
          what: "the pickle's size", value: "\(member.byteCount)",
          limit: PickleMachine.maximumBytes))
    }
    if let order = archive.member(prefix + "byteorder"), order.byteCount <= 16 {
      let contents = try archive.contents(of: order)
      isBigEndian = try contents.text(0, contents.count, "the byte order") == "big"
    } else {
      isBigEndian = false
    }
    let pickle = try archive.contents(of: member)
    var machine = PickleMachine(
      path: pickle.path, bytes: try pickle.bytes(0, pickle.count, "the pickle"))
    let rootID = try machine.run()
    var builder = TorchTreeBuilder(path: pickle.path, arena: machine.arena)
    root = try builder.build(rootID)
    names = builder.names
    tensors = builder.tensors
    metadata = builder.scalars
  }

  /// `archive/data.pkl`, at whatever folder's name; the shortest where several end so.
  static func pickleMember(of archive: ZipArchive) -> ZipMember? {
    archive.members.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
      .min { $0.name.utf8.count < $1.name.utf8.count }
  }

  package func info(_ name: String) throws(TensorIOError) -> TensorInfo {
    guard let reference = tensors[name] else { throw noSuchTensor(name) }
    return TensorInfo(
      name: name, shape: reference.shape, scalarType: reference.scalarType,
      storedType: reference.storedType)
  }

  package func tensor(_ name: String) throws(TensorIOError) -> Tensor {
    guard let reference = tensors[name] else { throw noSuchTensor(name) }
    guard let member = archive.member("\(prefix)data/\(reference.storageKey)") else {
      throw TensorIOError(path, .missingField("data/\(reference.storageKey)"), tensor: name)
    }
    do {
      return try view(reference, of: try archive.contents(of: member))
    } catch {
      throw error.naming(tensor: name)
    }
  }

  /// The strided view of a storage: shared where it is contiguous, copied otherwise.
  private func view(
    _ reference: TorchTensorReference, of storage: ByteView
  ) throws(TensorIOError) -> Tensor {
    let type = reference.scalarType
    let needed = reference.storageCount.multipliedReportingOverflow(by: type.byteWidth)
    guard !needed.overflow, needed.partialValue <= storage.count else {
      throw TensorIOError(
        storage.path,
        .sizeMismatch(
          expected: needed.overflow ? .max : needed.partialValue, found: storage.count))
    }
    let count = try checkedElementCount(reference.shape, path: storage.path, tensor: nil)
    try checkStrides(reference, count: count, path: storage.path)
    let swaps = isBigEndian && type.byteWidth > 1
    if count == 0 || (!swaps && isContiguous(reference)) {
      return Tensor(
        shape: reference.shape, scalarType: type, storage: storage.storage,
        byteOffset: storage.start + (count == 0 ? 0 : reference.offset * type.byteWidth))
    }
    return storage.withUnsafeBytes { bytes in
      gathered(
        UnsafeRawBufferPointer(rebasing: bytes[(reference.offset * type.byteWidth)...]),
        shape: reference.shape, strides: reference.strides, type: type, swapsBytes: swaps)
    }
  }

  /// Checks that every element lies within the storage.
  private func checkStrides(
    _ reference: TorchTensorReference, count: Int, path: String
  ) throws(TensorIOError) {
    let strides = reference.strides
    guard strides.count == reference.shape.count, strides.allSatisfy({ $0 >= 0 }) else {
      throw TensorIOError(
        path,
        .invalidField(
          "strides", expected: "\(reference.shape.count) numbers of 0 or more",
          found: "\(strides.prefix(maximumRank))"))
    }
    guard count > 0 else { return }
    var last = reference.offset
    var overflows = last < 0
    for (extent, stride) in zip(reference.shape, strides) {
      let span = (extent - 1).multipliedReportingOverflow(by: stride)
      let sum = last.addingReportingOverflow(span.partialValue)
      overflows = overflows || span.overflow || sum.overflow
      last = sum.partialValue
    }
    guard !overflows, last < reference.storageCount else {
      throw TensorIOError(
        path,
        .outOfFile(
          begin: reference.offset, end: overflows ? .max : last, available: reference.storageCount))
    }
    // Strides of 0 repeat elements: a few bytes may not become gigabytes.
    let limit = max(reference.storageCount, 1 << 26)
    guard count <= limit else {
      throw TensorIOError(
        path, .limitExceeded(what: "the number of elements", value: "\(count)", limit: limit))
    }
  }

  private func isContiguous(_ reference: TorchTensorReference) -> Bool {
    var expected = 1
    for (extent, stride) in zip(reference.shape, reference.strides).reversed() {
      if extent != 1 && stride != expected { return false }
      expected *= extent
    }
    return true
  }
}
