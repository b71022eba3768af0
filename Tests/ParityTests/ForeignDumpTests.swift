import EncoderModel
import Parity
import ReferenceBackend
import TensorCore
import TensorIO
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Dumps of other engines beside the package, where there are any.
private let dataFolder: String = {
  var parts = #filePath.split(separator: "/").dropLast(3).map(String.init)
  parts.removeLast()
  for folder in [parts, Array(parts.dropLast())] {
    let path = "/" + (folder + ["shared", "data"]).joined(separator: "/")
    if access(path + "/foreign/pytorch-float32.npz", R_OK) == 0 { return path }
  }
  return ""
}()

/// Weights of a safetensors file under OpenAI's names.
private struct FileWeights: WeightSource {
  let file: SafetensorsFile
  func weight(_ name: String) throws -> Tensor { try file.tensor(name).converted(to: .float32) }
  var weightNames: [String] { [] }
}

@Suite("Dumps of other engines", .enabled(if: !dataFolder.isEmpty))
struct ForeignDumpTests {
  private static let dimensions = WhisperDimensions(
    numMels: 80, numAudioContext: 300, audioWidth: 128, numAudioHeads: 2, numAudioLayers: 4)

  private func judged(
    expected: Set<String>? = nil, _ candidate: (String) throws -> Tensor?
  ) throws -> CandidateResult {
    let weights = FileWeights(
      file: try SafetensorsFile(dataFolder + "/models/spoken-digits-openai.safetensors"))
    let golden = try SafetensorsFile(dataFolder + "/goldens/digits-3.safetensors")
    let program = EncoderProgram.whisper(Self.dimensions)
    let judge = Judge(
      program: program, weights: weights,
      oracle: ReferenceBackend(program: program, weights: weights))
    var candidateJudge = CandidateJudge(judge: judge, backend: "dump")
    var taps: [String: Tensor] = [:]
    for name in program.tapNames { taps[name] = try candidate(name) }
    for stage in program.stages {
      try candidateJudge.judgeStage(
        stage, expected: expected ?? Set(taps.keys), candidate: { taps[$0] },
        reference: { name in try? golden.tensor(name) })
    }
    return candidateJudge.result()
  }

  @Test("PyTorch in Float32 is rounding at every tap")
  func pytorch() throws {
    let dump = try NpzFile(dataFolder + "/foreign/pytorch-float32.npz")
    let result = try judged { try? dump.tensor($0) }
    #expect(result.verdict == .parity)
    #expect(result.firstDivergence == nil)
  }

  @Test("PyTorch's layers alone are rounding: segments between the taps that exist")
  func pytorchLayers() throws {
    let dump = try NpzFile(dataFolder + "/foreign/pytorch-float32.npz")
    let program = EncoderProgram.whisper(Self.dimensions)
    let layers = Set(TapSelection.layers.names(in: program))
    let result = try judged { layers.contains($0) ? try? dump.tensor($0) : nil }
    #expect(result.verdict == .parity)
  }

  @Test("OpenVINO's Float32 output alone is rounding, the whole encoder one segment")
  func openvinoOutput() throws {
    let output = try NpyFile(dataFolder + "/foreign/openvino-f32-output.npy")
    let result = try judged { name in
      name == "encoder.ln_post"
        ? try output.tensor(output.names[0]).reshaped([300, 128]) : nil
    }
    #expect(result.verdict == .parity)
    #expect(result.taps.last?.introduced?.segment.count ?? 0 > 50)
  }

  @Test("OpenVINO at its default comes out as bf16 products, neither a bug nor parity")
  func openvinoDefault() throws {
    let output = try NpyFile(dataFolder + "/foreign/openvino-default-output.npy")
    let result = try judged { name in
      name == "encoder.ln_post"
        ? try output.tensor(output.names[0]).reshaped([300, 128]) : nil
    }
    #expect(result.verdict == .reducedPrecision)
    #expect(result.taps.last?.verdict == .reducedPrecision(.bfloat16))
  }
}
