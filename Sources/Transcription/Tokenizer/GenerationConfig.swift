import TensorIO

/// What `generation_config.json` says of decoding; all of it optional.
struct GenerationConfig: Sendable, Equatable {
  /// Never sampled; `nil` where the file says nothing.
  var suppressed: [Int]?
  /// Not sampled as the first token.
  var suppressedAtBegin: [Int]?
  /// Tokens at fixed positions of the prompt, counted with the start token as 0.
  var forced: [Int: Int] = [:]
  var startOfTranscript: Int?
  var endOfText: Int?
  var noTimestamps: Int?
  var isMultilingual: Bool?
  var maximumInitialTimestamp: Int?
  /// Ids of tasks by name (`transcribe`).
  var tasks: [String: Int] = [:]

  init() {}

  /// - Throws: `tokenizer` where a value is no token id of a vocabulary of `size`.
  init(_ json: JSONValue, path: String, size: Int) throws(TranscriptionError) {
    let reader = Reader(json: json, path: path, size: size)
    guard json.objectValue != nil else {
      throw .tokenizer(path: path, reason: "expected an object, found \(json.kind)")
    }
    suppressed = try reader.ids("suppress_tokens")
    suppressedAtBegin = try reader.ids("begin_suppress_tokens")
    startOfTranscript = try reader.id("decoder_start_token_id")
    endOfText = try reader.id("eos_token_id")
    noTimestamps = try reader.id("no_timestamps_token_id")
    isMultilingual = json["is_multilingual"]?.boolValue
    maximumInitialTimestamp = json["max_initial_timestamp_index"]?.intValue
    tasks = try reader.table("task_to_id")
    for entry in json["forced_decoder_ids"]?.arrayValue ?? [] {
      guard let pair = entry.arrayValue, pair.count == 2, let position = pair[0].intValue else {
        throw reader.malformed("forced_decoder_ids")
      }
      // `null` leaves the language to detection.
      if pair[1] == .null { continue }
      forced[position] = try reader.checked(pair[1], "forced_decoder_ids")
    }
  }

  /// The file beside a tokenizer, if there is one.
  static func beside(_ path: String, size: Int) throws(TranscriptionError) -> GenerationConfig? {
    let folder = isFolder(path) ? path : TokenizerLoader.folder(of: path)
    let file = "\(folder)/generation_config.json"
    guard TokenizerLoader.isThere(file) else { return nil }
    return try GenerationConfig(TokenizerLoader.json(file), path: file, size: size)
  }
}

/// Reads token ids and says where one is none.
private struct Reader {
  let json: JSONValue
  let path: String
  let size: Int

  func malformed(_ key: String) -> TranscriptionError {
    .tokenizer(path: path, reason: "'\(key)' should hold token ids from 0 to \(size - 1)")
  }

  func checked(_ value: JSONValue, _ key: String) throws(TranscriptionError) -> Int {
    guard let id = value.intValue, (0..<size).contains(id) else { throw malformed(key) }
    return id
  }

  func id(_ key: String) throws(TranscriptionError) -> Int? {
    guard let value = json[key], value != .null else { return nil }
    // Some files list several ends of text; the first is the one.
    return try checked(value.arrayValue?.first ?? value, key)
  }

  /// Negative entries (−1: "the defaults") are left out.
  func ids(_ key: String) throws(TranscriptionError) -> [Int]? {
    guard let value = json[key], value != .null else { return nil }
    guard let list = value.arrayValue else { throw malformed(key) }
    var ids: [Int] = []
    for entry in list where !(entry.intValue.map { $0 < 0 } ?? false) {
      ids.append(try checked(entry, key))
    }
    return ids
  }

  func table(_ key: String) throws(TranscriptionError) -> [String: Int] {
    var result: [String: Int] = [:]
    guard let object = json[key]?.objectValue else { return result }
    for name in object.keys {
      if let value = object[name] { result[name] = try checked(value, key) }
    }
    return result
  }
}
