/// The front of a whisper.cpp model file: hyperparameters, mel filters, vocabulary.
import TensorCore

/// The hyperparameters of a ggml file in their order there.
package struct GGMLHyperparameters: Sendable, Equatable {
  package let vocabularySize: Int
  package let numAudioContext: Int
  package let audioWidth: Int
  package let numAudioHeads: Int
  package let numAudioLayers: Int
  package let numTextContext: Int
  package let textWidth: Int
  package let numTextHeads: Int
  package let numTextLayers: Int
  package let numMels: Int
  /// The file's type: 0 f32, 1 f16, 2 q4_0, 3 q4_1, 7 q8_0, 8 q5_0, 9 q5_1; thousands count the
  /// quantiser's version.
  package let fileType: Int

  static let names = [
    "n_vocab", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer", "n_text_ctx",
    "n_text_state", "n_text_head", "n_text_layer", "n_mels", "ftype",
  ]

  /// In the order of `names`.
  package var values: [Int] {
    [
      vocabularySize, numAudioContext, audioWidth, numAudioHeads, numAudioLayers, numTextContext,
      textWidth, numTextHeads, numTextLayers, numMels, fileType,
    ]
  }

  init(_ cursor: inout ByteCursor) throws(TensorIOError) {
    var values: [Int] = []
    for name in Self.names {
      let offset = cursor.fileOffset
      let value = Int(try cursor.read(Int32.self, "the hyperparameter \(name)"))
      guard (0...(1 << 24)).contains(value) else {
        throw TensorIOError(
          cursor.view.path,
          .invalidField(name, expected: "0 to \(1 << 24)", found: "\(value)"), at: offset)
      }
      values.append(value)
    }
    vocabularySize = values[0]
    numAudioContext = values[1]
    audioWidth = values[2]
    numAudioHeads = values[3]
    numAudioLayers = values[4]
    numTextContext = values[5]
    textWidth = values[6]
    numTextHeads = values[7]
    numTextLayers = values[8]
    numMels = values[9]
    fileType = values[10]
  }
}

/// Everything before the tensors.
struct GGMLHeader {
  let hyperparameters: GGMLHyperparameters
  let melFilters: Tensor
  let vocabulary: [[UInt8]]

  /// 'ggml' as a little-endian word: the file starts with the bytes `lmgg`.
  static let magic: [UInt8] = Array("lmgg".utf8)

  init(_ cursor: inout ByteCursor) throws(TensorIOError) {
    guard cursor.view.starts(with: Self.magic) else {
      throw TensorIOError(
        cursor.view.path, .unknownFormat(found: try describeStart(of: cursor.view)), at: 0)
    }
    _ = try cursor.read(UInt32.self, "the magic")
    hyperparameters = try GGMLHyperparameters(&cursor)
    melFilters = try Self.filters(&cursor)
    vocabulary = try Self.vocabulary(&cursor)
  }

  private static func filters(_ cursor: inout ByteCursor) throws(TensorIOError) -> Tensor {
    let path = cursor.view.path
    let offset = cursor.fileOffset
    let bands = Int(try cursor.read(Int32.self, "the number of mel bands"))
    let bins = Int(try cursor.read(Int32.self, "the number of frequency bins"))
    let needed = try checkedByteCount(
      [bands, bins], .float32, path: path, tensor: "mel filters", at: offset)
    let data = try cursor.slice(needed, "the mel filters")
    return Tensor(
      shape: [bands, bins], scalarType: .float32, storage: data.storage, byteOffset: data.start)
  }

  private static func vocabulary(_ cursor: inout ByteCursor) throws(TensorIOError) -> [[UInt8]] {
    let offset = cursor.fileOffset
    let count = Int(try cursor.read(Int32.self, "the number of tokens"))
    // Every token takes at least its length's four bytes.
    guard count >= 0, count <= cursor.remaining / 4 else {
      throw TensorIOError(
        cursor.view.path,
        .invalidField(
          "the number of tokens", expected: "0 to \(cursor.remaining / 4)", found: "\(count)"),
        at: offset)
    }
    var tokens: [[UInt8]] = []
    tokens.reserveCapacity(count)
    for _ in 0..<count {
      let length = Int(try cursor.read(UInt32.self, "a token's length"))
      tokens.append(try cursor.bytes(length, "a token"))
    }
    return tokens
  }
}
