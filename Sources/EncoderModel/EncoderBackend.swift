package import TensorCore

/// An implementation of the encoder that can be run stage by stage and looked into.
///
/// Stateless between calls: what one stage returns is the next one's input, so a comparison holds
/// one stage of each backend in memory, never a model's worth.
package protocol EncoderBackend: Sendable {
  /// `reference`, `blas`, `graph`, …: what `--backends` calls it.
  var name: String { get }
  /// What it computes; a faulty program where faults are injected.
  var program: EncoderProgram { get }
  /// The element type of its taps.
  var scalarType: ScalarType { get }

  /// Runs one stage.
  /// - `input`: the stage's input (`program.inputTap(of:)`), in any floating-point type.
  /// - `taps`: names of the values to hand to `sink`; names of other stages are ignored.
  /// - `sink`: called once per observed tap, in program order, the stage's output included.
  /// Returns the stage's output.
  func run(
    _ stage: EncoderStage, input: Tensor, observing taps: Set<String>,
    sink: (String, Tensor) throws -> Void
  ) throws -> Tensor

  /// Runs the first stages, or all, without looking into them: the same bits as one by one, perhaps
  /// sooner.
  /// - `stages`: a prefix of `program.stages`, not empty.
  func encodeUnobserved(mel: Tensor, through stages: [EncoderStage]) throws -> Tensor
}

extension EncoderBackend {
  package func encodeUnobserved(mel: Tensor, through stages: [EncoderStage]) throws -> Tensor {
    var value = mel
    for stage in stages {
      value = try run(stage, input: value, observing: []) { _, _ in }
    }
    return value
  }

  /// Runs all stages without looking into them.
  package func encodeUnobserved(mel: Tensor) throws -> Tensor {
    try encodeUnobserved(mel: mel, through: program.stages)
  }

  /// Runs all stages on a mel `[frames, mels]`, handing `mel` itself to the sink first if observed.
  package func encode(
    mel: Tensor, observing taps: Set<String> = [],
    sink: (String, Tensor) throws -> Void = { _, _ in }
  ) throws -> Tensor {
    if taps.isEmpty { return try encodeUnobserved(mel: mel) }
    if taps.contains("mel") { try sink("mel", mel) }
    var value = mel
    for stage in program.stages {
      value = try run(stage, input: value, observing: taps, sink: sink)
    }
    return value
  }
}

/// Applies single operations in Float64: the oracle that introduced errors are measured with.
package protocol OperationEvaluator: Sendable {
  /// The value of `node` computed in Float64 from `inputs` (any floating-point type), whatever
  /// node of whatever program it is; weights come from the evaluator's own source.
  func evaluate(_ node: ProgramNode, inputs: [Tensor]) throws -> Tensor

  /// The value of `context` computed in Float64 from q, k and v `[T, C]`, through `scores` and
  /// `softmax`: the same as `evaluate` thrice, without maps `[heads, T, T]` in memory.
  /// - `observe`: called once for each head and query, from several threads at once; the queries of
  ///   one block come in order and from one thread. `nil` where nobody looks.
  func evaluateAttention(
    scores: ProgramNode, softmax: ProgramNode, context: ProgramNode, query: Tensor, key: Tensor,
    value: Tensor, observing observe: ((AttentionRow) -> Void)?
  ) throws -> Tensor
}

extension OperationEvaluator {
  /// The same, unobserved.
  package func evaluateAttention(
    scores: ProgramNode, softmax: ProgramNode, context: ProgramNode, query: Tensor, key: Tensor,
    value: Tensor
  ) throws -> Tensor {
    try evaluateAttention(
      scores: scores, softmax: softmax, context: context, query: query, key: key, value: value,
      observing: nil)
  }
}

/// One row of the attention maps of one head, lent for the time of a call.
package struct AttentionRow {
  /// Queries of a block.
  package static let blockLength = 48

  package let head: Int
  package let query: Int
  /// Scaled scores before any mask, one for each key.
  package let scores: UnsafeBufferPointer<Double>
  /// What the softmax makes of them.
  package let probabilities: UnsafeBufferPointer<Double>

  package init(
    head: Int, query: Int, scores: UnsafeBufferPointer<Double>,
    probabilities: UnsafeBufferPointer<Double>
  ) {
    self.head = head
    self.query = query
    self.scores = scores
    self.probabilities = probabilities
  }

  /// Calls `observe` with every row of maps `[heads, queries, keys]` that are in memory.
  package static func forEach(
    scores: Tensor, probabilities: Tensor, _ observe: (AttentionRow) -> Void
  ) {
    let (queries, keys) = (scores.shape[1], scores.shape[2])
    scores.withFloat64 { s in
      probabilities.withFloat64 { p in
        for line in 0..<scores.rowCount {
          let range = (line * keys)..<((line + 1) * keys)
          observe(
            AttentionRow(
              head: line / queries, query: line % queries,
              scores: UnsafeBufferPointer(rebasing: s[range]),
              probabilities: UnsafeBufferPointer(rebasing: p[range])))
        }
      }
    }
  }
}

/// Derivatives of single operations in Float64: what errors are traced back with.
package protocol OperationDerivative: Sendable {
  /// Takes a cotangent of `node`'s value back to its inputs: Jᵀ·cotangent for each of them.
  /// - Note: Attention maps are passed over; their context takes q, k and v, as in
  ///   `pullbackAttention`.
  func pullback(_ node: ProgramNode, inputs: [Tensor], cotangent: Tensor) throws -> [Tensor]

  /// The same for scores, softmax and context as one operation on q, k and v.
  func pullbackAttention(
    scores: ProgramNode, context: ProgramNode, query: Tensor, key: Tensor, value: Tensor,
    cotangent: Tensor
  ) throws -> [Tensor]
}
