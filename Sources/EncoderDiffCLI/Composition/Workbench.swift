import AudioFrontEnd
import BLASBackend
import Diagnosis
import EncoderModel
import Faults
import GraphBackend
import Parity
import ReferenceBackend
import Report

/// A loaded model and everything that can be made of it: backends, the judge, the comparison.
struct Workbench {
  let model: WhisperModel
  let threads: Int?

  /// Loads the model that the options name, or the shipped one.
  init(_ options: ModelOptions, threads: Int? = nil) throws {
    model = try ModelLoader.load(options.model ?? ModelLoader.defaultModelPath())
    self.threads = threads
  }

  /// The tools for a model that is loaded already.
  init(_ model: WhisperModel, threads: Int?) {
    self.model = model
    self.threads = threads
  }

  static let backendNames = ["reference", "reference:f32", "blas", "graph", "graph:unfused"]
  /// `graph` with the kernels of each instruction set that this processor has.
  static let kernelBackendNames = GraphBackend.kernelNames.map { "graph:\($0)" }

  /// Makes one backend.
  /// - `name`: as `--backends` calls it.
  /// - `program`: a faulty program, for backends that take faults.
  /// - `weights`: the model's own where `nil`.
  func backend(
    _ name: String, program: EncoderProgram? = nil, weights: (any WeightSource)? = nil
  ) throws -> any EncoderBackend {
    let program = program ?? model.program
    let weights = weights ?? model.weights
    switch name {
    case "reference":
      return ReferenceBackend(program: program, weights: weights, threads: threads)
    case "reference:f32":
      return ReferenceBackend(
        program: program, weights: weights, precision: .float32, threads: threads)
    case "blas": return BLASBackend(program: program, weights: weights, threads: threads)
    case "graph": return GraphBackend(program: program, weights: weights, threads: threads)
    case "graph:unfused":
      return GraphBackend(program: program, weights: weights, threads: threads, fused: false)
    case _ where Self.kernelBackendNames.contains(name):
      let kernels = String(name.dropFirst("graph:".count))
      if let graph = GraphBackend(
        program: program, weights: weights, threads: threads, kernelsNamed: kernels)
      {
        return graph
      }
      fallthrough
    default:
      let names = Self.backendNames + Self.kernelBackendNames
      let nearest = nearestName(to: name, among: names)
      throw UsageError(
        "unknown backend '\(name)'\(nearest.map { "; did you mean '\($0)'?" } ?? ""); "
          + "there are \(names.joined(separator: ", "))")
    }
  }

  /// Splits a comma-separated list of backends.
  func names(_ list: String) throws -> [String] {
    let names = list.split(separator: ",").map { $0.filter { $0 != " " } }
    guard !names.isEmpty else { throw UsageError("--backends names no backend") }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw UsageError("--backends names '\(name)' twice")
    }
    return names
  }

  /// The judge: single operations in Float64 on the sound program.
  func judge(claim: PrecisionClaim = .float32, tolerances: [TapTolerance] = []) -> Judge {
    Judge(
      program: model.program, weights: model.weights,
      oracle: ReferenceBackend(program: model.program, weights: model.weights, threads: threads),
      differences: BLASBackend(program: model.program, weights: model.weights, threads: threads),
      claim: claim, tolerances: tolerances)
  }

  /// Taps that `set` names in this model.
  /// - Throws: `UsageError` where a glob matches nothing, with the nearest tap.
  func selection(_ set: String) throws -> TapSelection {
    let selection = TapSelection(set)
    guard case .globs(let globs) = selection else { return selection }
    let names = model.program.tapNames
    guard !globs.isEmpty else { throw UsageError("--taps names no tap") }
    for glob in globs where !names.contains(where: { globMatches(glob, $0) }) {
      let nearest = nearestName(to: glob, among: names + ["layers", "ops", "all"])
      throw UsageError(
        "no tap matches '\(glob)'\(nearest.map { "; did you mean '\($0)'?" } ?? ""); "
          + "--taps takes layers, ops, all or globs over tap names")
    }
    return selection
  }

  var identity: ModelIdentity {
    let sizes = model.dimensions
    let decoder =
      sizes.text.map { "\($0.numTextLayers) decoder layers" } ?? "no decoder"
    return ModelIdentity(
      name: model.name, format: model.format,
      summary: "\(model.format), \(sizes.numAudioLayers) layers × \(sizes.audioWidth), "
        + "\(sizes.numAudioHeads) heads, \(sizes.numMels) mels, \(sizes.numAudioContext) frames, \(decoder)",
      encoderWeightsHash: model.encoderWeightsHash)
  }
}
