/// The wording of each cause: what was expected, what came, what to do.
extension TensorIOError.Cause {
  /// One line without a full stop.
  package var message: String {
    switch self {
    case .notFound, .isDirectory, .notARegularFile, .cannotRead, .cannotWrite, .diskFull,
      .wouldReplaceForeignFolder:
      fileSystemMessage
    case .empty, .unknownFormat, .truncated, .limitExceeded, .sizeOverflow, .invalidText,
      .invalidJSON, .missingField, .invalidField, .unsupported:
      formatMessage
    case .noSuchTensor, .duplicateTensor, .unsupportedDtype, .invalidShape, .sizeMismatch,
      .outOfFile, .overlapsTensor, .gapBeforeTensor, .trailingBytes:
      tensorMessage
    case .checksumMismatch, .corruptCompression, .overlappingEntries, .unsafePath, .unknownOpcode,
      .refusedGlobal, .invalidPickle, .invalidProtobuf:
      containerMessage
    }
  }

  private var fileSystemMessage: String {
    switch self {
    case .notFound: "no such file or folder; check the path"
    case .isDirectory: "is a folder where a file was expected"
    case .notARegularFile:
      "is a device, pipe or socket where a file is needed; use a file, or copy what it gives to one"
    case .cannotRead(let operation, let reason): "cannot \(operation): \(reason)"
    case .cannotWrite(let operation, let reason):
      "cannot \(operation): \(reason); nothing was changed"
    case .diskFull: "the disk is full; nothing was changed: free some space or write elsewhere"
    case .wouldReplaceForeignFolder(let entry):
      "holds '\(printable(entry))', which is no part of a dump; choose a new or empty folder"
    default: ""
    }
  }

  private var formatMessage: String {
    switch self {
    case .empty: "the file is empty (0 bytes); write it again"
    case .unknownFormat(let found):
      "starts with \(found), which is no format known here; expected safetensors, npy, npz, "
        + "PyTorch .pt (zip), ggml .bin or ONNX"
    case .truncated(let what, let needed, let available):
      "\(what) needs \(needed) bytes but \(available) are left; the file is cut short, fetch it again"
    case .limitExceeded(let what, let value, let limit):
      "\(what) is \(value), over the limit of \(limit); the file is damaged or hostile"
    case .sizeOverflow(let what):
      "\(what) overflows 64 bits; the file is damaged or hostile"
    case .invalidText(let what): "\(what) is not valid UTF-8; write the file again"
    case .invalidJSON(let reason): "invalid JSON: \(reason); write the file again"
    case .missingField(let field): "'\(printable(field))' is missing; write the file again"
    case .invalidField(let field, let expected, let found):
      "\(printable(field)) should be \(expected) but is \(printable(found))"
    case .unsupported(let what, let advice): "\(printable(what)) is not supported; \(advice)"
    default: ""
    }
  }

  private var tensorMessage: String {
    switch self {
    case .noSuchTensor(let nearest):
      nearest.map { "is not in the file; did you mean '\(printable($0))'?" } ?? "is not in the file"
    case .duplicateTensor: "appears twice; names must be unique"
    case .unsupportedDtype(let dtype, let advice):
      "element type '\(printable(dtype))' is not supported; \(advice)"
    case .invalidShape(let found, let expected):
      "shape \(printable(found)) is invalid; expected \(expected)"
    case .sizeMismatch(let expected, let found):
      "shape and element type need \(expected) bytes but \(found) are stored"
    case .outOfFile(let begin, let end, let available):
      "lies at bytes \(begin)..<\(end) but only \(available) exist; the file is cut short or damaged"
    case .overlapsTensor(let other):
      "shares bytes with '\(printable(other))'; the file is damaged or hostile"
    case .gapBeforeTensor(let bytes):
      "follows \(bytes) bytes that belong to no tensor; the file is damaged or hostile"
    case .trailingBytes(let bytes):
      "\(bytes) bytes after the last tensor belong to none; the file is damaged or hostile"
    default: ""
    }
  }

  private var containerMessage: String {
    switch self {
    case .checksumMismatch(let expected, let found):
      "CRC-32 should be \(hexadecimal(expected)) but is \(hexadecimal(found)); fetch the file again"
    case .corruptCompression(let reason):
      "cannot be inflated: \(reason); fetch the file again"
    case .overlappingEntries(let other):
      "shares bytes with the archive member '\(printable(other))'; the archive is hostile"
    case .unsafePath(let path):
      "names the file '\(printable(path))', which leads out of the folder; refused"
    case .unknownOpcode(let opcode):
      "pickle opcode \(hexadecimal(UInt32(opcode))) is not among those that tensors need; "
        + "save the state_dict alone with torch.save"
    case .refusedGlobal(let name):
      "the pickle asks for '\(printable(name))', which is never executed; "
        + "save the state_dict alone with torch.save"
    case .invalidPickle(let reason): "invalid pickle: \(printable(reason))"
    case .invalidProtobuf(let reason): "invalid protobuf: \(printable(reason))"
    default: ""
    }
  }
}

/// `0x` and the digits of `value`.
func hexadecimal(_ value: some FixedWidthInteger & UnsignedInteger) -> String {
  "0x" + String(value, radix: 16)
}
