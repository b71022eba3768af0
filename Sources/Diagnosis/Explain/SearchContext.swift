package import AudioFrontEnd
package import EncoderModel
package import Parity
package import TensorCore

/// Everything that searches share: the sound program, whose values are explained, and who computes.
package struct SearchContext: Sendable {
  package typealias MakeBackend = @Sendable (EncoderProgram) throws -> any EncoderBackend

  package let program: EncoderProgram
  /// Judges with Float32's bounds.
  let judge: Judge
  /// Judges with the bounds of a candidate that rounds operands of products, by that format.
  let makeJudge: @Sendable (PrecisionClaim) -> Judge
  let oracle: any OperationEvaluator
  /// A fast encoder for whole programs; packed weights should be shared among them.
  package let makeBackend: MakeBackend
  /// The same for programs that are run side by side, one maker for each thread.
  let lanes: [MakeBackend]
  /// The sound front-end's mel, Float32.
  let mel: Tensor
  /// The audio, where there is any.
  package let frontEnd: FrontEndRunner?

  /// The precision that the user declared.
  let expected: NumberFormat?
  /// Seconds for pairs and for whole mutated encoders.
  let budgetSeconds: Double
  /// Outputs of whole encoders that were run before.
  let bank: SketchBank
  /// Told what is being done, and how much of it is done.
  let progress: @Sendable (String, Double) -> Void

  package init(
    program: EncoderProgram, oracle: any OperationEvaluator, mel: Tensor,
    frontEnd: FrontEndRunner?, expected: NumberFormat? = nil, budgetSeconds: Double = 30,
    bank: SketchBank = SketchBank(),
    progress: @escaping @Sendable (String, Double) -> Void = { _, _ in },
    makeJudge: @escaping @Sendable (PrecisionClaim) -> Judge, makeBackend: @escaping MakeBackend,
    lanes: [MakeBackend] = []
  ) {
    self.program = program
    self.oracle = oracle
    self.mel = mel
    self.frontEnd = frontEnd
    self.expected = expected
    self.budgetSeconds = budgetSeconds
    self.bank = bank
    self.progress = progress
    self.makeJudge = makeJudge
    self.makeBackend = makeBackend
    self.lanes = lanes.isEmpty ? [makeBackend] : lanes
    judge = makeJudge(.float32)
  }
}
