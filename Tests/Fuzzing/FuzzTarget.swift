/// Readers of untrusted bytes under libFuzzer; built by Scripts/fuzz, no part of the package.
import Glibc

@testable import AudioFrontEnd
@testable import EncoderModel
@testable import ForeignDumps
@testable import Regression
@testable import TensorCore
@testable import TensorIO
@testable import Transcription

/// The reader that `FUZZ_TARGET` names is fed; typed errors are fine, everything else is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try target.read(Array(UnsafeBufferPointer(start: start, count: count)))
  } catch {
    // A message must be one line whatever the bytes were.
    if "\(error)".contains("\n") { abort() }
  }
  return 0
}

private let target: FuzzTarget = {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    print("FUZZ_TARGET should be one of \(FuzzTarget.allCases.map(\.rawValue))")
    exit(2)
  }
  return target
}()

/// One reader each.
private enum FuzzTarget: String, CaseIterable {
  case safetensors, npy, npz, pickle, ggml, onnx, torch, json, config, tokenizer, tiktoken
  case metadata, mapping, model, audio
  case index, `case`, toml, baseline, part

  func read(_ bytes: [UInt8]) throws {
    let view = ByteView(path: "input", bytes: bytes)
    switch self {
    case .safetensors: try readAll(SafetensorsFile(view))
    case .npy: try readAll(NpyFile(view, name: "input"))
    case .npz: try readAll(NpzFile(view))
    case .torch: try readAll(TorchCheckpoint(view))
    case .ggml: try readAll(GGMLFile(view))
    case .onnx: try readAll(ONNXFile(view))
    case .pickle:
      var machine = PickleMachine(path: "input", bytes: bytes)
      let root = try machine.run()
      var builder = TorchTreeBuilder(path: "input", arena: machine.arena)
      _ = try builder.build(root)
    case .json: _ = try parseJSON(bytes, path: "input").text
    case .metadata: _ = try DumpMetadata(view).encoded
    case .config: _ = try HuggingFaceConfig(path: stored(bytes, "config.json"), hasDecoder: true)
    case .tokenizer:
      let tokenizer = try TokenizerLoader.load(stored(bytes, "tokenizer.json"), vocabularySize: 64)
      _ = tokenizer.decode(Array(0..<64))
      _ = tokenizer.encode("one two <|en|>")
    case .tiktoken:
      _ = try TokenizerLoader.load(stored(bytes, "multilingual.tiktoken"), vocabularySize: 64)
    case .mapping: _ = try DumpMapping(contentsOf: stored(bytes, "mapping.json")).text
    case .model:
      let model = try ModelLoader.load(stored(bytes, "model.bin"))
      for name in model.weights.weightNames.prefix(64) { _ = try model.weights.weight(name) }
    case .index:
      let folder = try folderOfShards(bytes)
      _ = try CheckpointFolder(folder).sources()
      try readAll(SafetensorsFolder(folder))
    case .case:
      let text = String(decoding: bytes, as: UTF8.self)
      _ = try CaseParser(path: "folder/input").parse(text, name: "input")
    case .toml:
      let text = String(decoding: bytes, as: UTF8.self)
      _ = try CaseParser(path: "folder/input.toml").parse(text, name: "input")
    case .baseline:
      let path = try stored(bytes, "baseline.json")
      _ = try Baseline(contentsOf: path, exists: true).json.text
    case .part:
      let path = try stored(bytes, "part.jsonl")
      _ = try SweepManifest(path)
      _ = try SweepProgress(part: path).isDone("input")
      var summary = SweepSummary()
      try forEachLine(of: path) { try summary.add(line: $0, of: path) }
      if summary.isParity { for name in summary.candidateNames { _ = summary.candidates[name] } }
    case .audio: _ = try AudioDecoder.decode(bytes: bytes, name: "input", keepingNative: true)
    }
  }

  /// Every tensor's header and elements; huge ones are only looked at.
  private func readAll(_ source: some TensorSource) throws {
    for name in source.names.prefix(256) {
      let info = try source.info(name)
      let count = info.shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
      guard count < 1 << 22 else { continue }
      let tensor = try source.tensor(name)
      var sum = 0.0
      for value in tensor.converted(to: .float64).float64Array { sum += value }
      if sum == 0.125 { putchar(0) }
    }
    _ = source.metadata.count
  }

  /// A folder with `bytes` as the index of two small shards.
  private func folderOfShards(_ bytes: [UInt8]) throws -> String {
    let header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"
    let second = "{\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"
    for (name, header) in [("1", header), ("2", second)] {
      let length = [UInt8(header.utf8.count)] + [UInt8](repeating: 0, count: 7)
      _ = try stored(length + Array(header.utf8) + Array(1...8), "\(name).safetensors")
    }
    let index = try stored(bytes, "model.safetensors.index.json")
    return String(index.dropLast("/model.safetensors.index.json".count))
  }

  /// For readers that take a path: a file in memory.
  private func stored(_ bytes: [UInt8], _ name: String) throws -> String {
    let folder = "/dev/shm/encoder-diff-fuzz-\(getpid())"
    mkdir(folder, 0o700)
    let path = "\(folder)/\(name)"
    guard let file = fopen(path, "wb") else { exit(2) }
    bytes.withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, file) }
    fclose(file)
    return path
  }
}
