import AudioFrontEnd
import Diagnosis
import EncoderModel
import GraphBackend
import Parity
import ReferenceBackend
import TensorCore

extension SearchContext {
  /// Searches with the reference as oracle and the graph backend for whole encoders.
  init(
    _ bench: Workbench, mel: Tensor, frontEnd: FrontEndRunner?, expected: NumberFormat? = nil,
    budgetSeconds: Double, bank: SketchBank = SketchBank(),
    progress: @escaping @Sendable (String, Double) -> Void = { _, _ in }
  ) {
    let model = bench.model
    let threads = bench.threads
    let oracle = ReferenceBackend(
      program: model.program, weights: model.weights, threads: threads)
    let engine = GraphBackend(program: model.program, weights: model.weights, threads: threads)
    let lanes = (0..<engine.threadCount).map { _ in GraphBackend(beside: engine) }
    self.init(
      program: model.program, oracle: oracle, mel: mel, frontEnd: frontEnd, expected: expected,
      budgetSeconds: budgetSeconds, bank: bank, progress: progress,
      makeJudge: { claim in
        Judge(program: model.program, weights: model.weights, oracle: oracle, claim: claim)
      },
      makeBackend: { GraphBackend(sharing: engine, program: $0) },
      lanes: lanes.map { lane in { GraphBackend(sharing: lane, program: $0) } })
  }
}
