import BLASBackend
import Diagnosis
import EncoderModel
import GraphBackend
import ReferenceBackend

/// The encoders of one command: a sound reference and those that are compared with it.
struct Sides {
  let reference: LiveCandidate
  let others: [any EncoderBackend]
  private let injection: Injection

  /// `list`: comma-separated names; the first is the reference.
  /// Throws `UsageError` for unknown names and for faults without a graph backend to put them in.
  init(_ list: String, injection: Injection, bench: Workbench) throws {
    let names = try bench.names(list)
    if !injection.isEmpty && !names.dropFirst().contains(where: { $0.hasPrefix("graph") }) {
      throw UsageError(
        "--inject acts on the graph backend; name 'graph' in --backends, behind the reference")
    }
    reference = LiveCandidate(try bench.backend(names[0]))
    let compared = names.count == 1 ? names : Array(names.dropFirst())
    others = try compared.map { name in
      try bench.backend(name, program: name.hasPrefix("graph") ? injection.program : nil)
    }
    self.injection = injection
  }

  /// Names of the compared encoders, in order.
  var names: [String] { others.map(\.name) }

  /// The compared encoders over one window of the input.
  func candidates(window: Int, input: EncoderInput) throws -> [any Candidate] {
    try others.map { backend in
      guard backend.name.hasPrefix("graph") else { return LiveCandidate(backend) }
      let mel = try injection.frontEnd.map { try input.mel(window: window, options: $0) }
      return LiveCandidate(backend, faults: injection.names, mel: mel)
    }
  }

  /// The injected faults of a compared encoder.
  func faults(of name: String) -> [String] { name.hasPrefix("graph") ? injection.names : [] }

  /// What readers may need to know of each backend.
  var notes: [(backend: String, note: String)] {
    ([reference.backend] + others).compactMap { backend in
      switch backend {
      case let graph as GraphBackend: (graph.name, "\(graph.kernelName) kernels")
      case let blas as BLASBackend: (blas.name, "OpenBLAS \(blas.coreName) kernels")
      default: nil
      }
    }
  }
}
