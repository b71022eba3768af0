/// The encoder through OpenBLAS: every product a call of its sgemm, everything else loops of our own.

import BLASArithmetic
import CProcessor
package import EncoderModel
package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `blas`: Float32. The same bits on every run with the same number of threads.
package struct BLASBackend: EncoderBackend {
  package let name = "blas"
  package let program: EncoderProgram
  package let scalarType = ScalarType.float32
  private var executor: BLASExecutor

  /// - Parameters:
  ///   - program: what to compute; faulty programs are computed as they stand.
  ///   - weights: by OpenAI's names.
  ///   - threads: as many as there are processors to run on where `nil`.
  package init(program: EncoderProgram, weights: any WeightSource, threads: Int? = nil) {
    self.program = program
    executor = BLASExecutor(weights: weights, threads: threads ?? Self.processorCount)
  }

  /// Threads that its work is divided among.
  package var numThreads: Int { executor.threads }

  /// The same encoder, telling `clock` how long OpenBLAS's calls take.
  package func timed(by clock: CallClock) -> BLASBackend {
    var copy = self
    copy.executor.clock = clock
    return copy
  }

  /// The core whose kernels OpenBLAS runs.
  package var coreName: String { OpenBLASLibrary.shared?.coreName ?? "missing" }

  private static var processorCount: Int {
    #if os(Linux)
      let allowed = Int(encoder_diff_processor_count())
      if allowed > 0 { return allowed }
    #endif
    return max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  package func run(
    _ stage: EncoderStage, input: Tensor, observing taps: Set<String>,
    sink: (String, Tensor) throws -> Void
  ) throws -> Tensor {
    let walk = BLASWalk(program, stage, observing: taps)
    var values = [program.inputTap(of: stage): input.converted(to: .float32)]
    for (index, step) in walk.steps.enumerated() {
      let inputs = try step.inputs.map { name in
        guard let value = values[name] else {
          throw BLASError.missingValue(node: step.name, input: name)
        }
        return value
      }
      let value = try executor.compute(step, inputs)
      values[step.name] = value
      if step.isTap && taps.contains(step.name) { try sink(step.name, value) }
      for name in walk.lastUses[index] { values[name] = nil }
    }
    guard let output = values[stage.outputTap] else {
      throw BLASError.missingValue(node: "\(stage)", input: stage.outputTap)
    }
    return output
  }
}

/// Single operations in Float32, for the fast part of a judgement: W·δ, where δ is small.
extension BLASBackend: OperationEvaluator {
  package func evaluate(_ node: ProgramNode, inputs: [Tensor]) throws -> Tensor {
    try executor.compute(
      BLASStep(name: node.name, inputs: node.inputs, work: .operation(node), isTap: node.isTap),
      inputs.map { $0.converted(to: .float32) })
  }

  package func evaluateAttention(
    scores: ProgramNode, softmax: ProgramNode, context: ProgramNode, query: Tensor, key: Tensor,
    value: Tensor, observing observe: ((AttentionRow) -> Void)?
  ) throws -> Tensor {
    let map = try evaluate(scores, inputs: [query, key])
    let probabilities = try evaluate(softmax, inputs: [map])
    if let observe { AttentionRow.forEach(scores: map, probabilities: probabilities, observe) }
    return try evaluate(context, inputs: [probabilities, value])
  }
}
