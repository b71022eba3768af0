import TensorCore

/// How large the rounding error of an operation may be, element by element, without ever holding
/// more than rows and columns of factors.
///
/// Every rounding adds δ·c with |δ| ≤ u and c the value rounded, carried to the output. Over
/// independent δ of mean zero the error is sub-Gaussian with proxy u²·V/3, V = Σc², for δ uniform in
/// [−u, u]: P(|e| > λu√V) ≤ 2·exp(−3λ²/2), below 10⁻¹⁶ an element from λ = 5 on. Measured rounding has rms
/// 0.4·u√V for a sequential sum and less for every other order. Hence two tests, both of which an
/// honest operation passes and an error ten times its floor fails:
/// - no element above λ·u·√V: λ = 8, as honest engines were seen to reach 5 where P is known from
///   its marginals only, and 16 where V itself is pooled;
/// - the rms of all above `rmsLimit`·u·√(mean V).
///
/// V comes from marginals for most elements. One that fails the elementwise test is measured again
/// with what its own terms allow, `elementAllowance`, before it is held against the operation; a mean
/// that fails the rms test is, on a sample. There equal terms are told, whose errors add up; see
/// `AlikeErrors`.
///
/// Source of the random model: Higham & Mary, *A New Approach to Probabilistic Rounding Error
/// Analysis* (2019) and *Sharper Probabilistic Backward Error Analysis for Basic Linear Algebra
/// Kernels with Random Data* (2020); Ipsen & Zhou, arXiv 1906.10465.
struct ErrorModel: Sendable {
  /// λ of the elementwise test for a single operation.
  static let operationDeviations = 8.0
  /// λ where variances are pooled over rows and columns, in fused attention and over segments: one
  /// query may lean on one odd key, which pooled moments do not see. Twice that of an operation;
  /// Float32 engines were measured to reach 1.7 times; the rms test keeps its sharpness.
  static let pooledDeviations = 16.0
  /// Limit of the rms test over many elements. A rounding error relative to what is rounded is
  /// uniform in ±u/m with m ∈ [1, 2) the significand: its rms is 0.41u over spread significands and
  /// u/√3 at most, where all are 1.
  static let operationRMSLimit = 0.57735
  /// The same over segments, whose variance two replicas estimate and whose intermediate values
  /// are replayed instead of seen.
  static let pooledRMSLimit = 2 * operationRMSLimit

  var panels: [ErrorPanel]
  /// Unit roundoff u that every variance is in units of.
  var unit: Double
  /// The operation's input where the variance depends on it element by element (GELU, softmax).
  var input: Tensor?
  /// λ of the elementwise test.
  var deviations = operationDeviations
  /// Limit of the rms test over many elements; see `rmsLimit(of:)`.
  var rmsLimit = operationRMSLimit
  /// Σᵢⱼ Σₖ aᵢₖ²bⱼₖ² where the operation is a product.
  var productEnergy: Double?
  /// What one output element (panel, row, column) may be off by, from its own terms, without the
  /// rounding of storage; `nil` where the panels are exact already.
  var elementAllowance: Allowance?
  /// The panels before storage and replicas were added to them.
  let operationPanels: [ErrorPanel]

  typealias Allowance =
    @Sendable (_ panel: Int, _ row: Int, _ column: Int) -> ElementAllowance

  init(
    panels: [ErrorPanel], unit: Double, input: Tensor? = nil, productEnergy: Double? = nil,
    elementAllowance: Allowance? = nil
  ) {
    self.panels = panels
    operationPanels = panels
    self.unit = unit
    self.input = input
    self.productEnergy = productEnergy
    self.elementAllowance = elementAllowance
  }
}

/// The variance V of one matrix within the output; in units of u².
///
/// V = Σₜ rowₜ[i]·columnₜ[j] + coherent[i]·max(s², b² + by + y²) + result·y² + input·x² + floor,
/// with y the exact output, b the bias added to it, s = y − b and x the input at the same place;
/// for a softmax also y²·(x − shift[i])².
struct ErrorPanel: Sendable {
  struct Separable: Sendable {
    var row: [Double]
    var column: [Double]
  }

  var rows: Int
  var columns: Int
  /// Where the matrix lies in the tensor.
  var offset: Int
  var rowStride: Int
  /// At most `maxSeparable`.
  var separable: [Separable] = []
  /// Weight of the result before its bias, per row: partial sums that grow together with it.
  var coherent: [Double]
  /// Whether the sum may have started from the bias, as engines do that load it first.
  var mayStartFromBias = false
  var bias: [Double]?
  var result: Double = 1
  var input: Double = 0
  /// The row's largest score where the output is a softmax of the input.
  var softmaxShift: [Double]?
  /// Flushed denormals: (2⁻¹²⁶/u)².
  var floor: Double

  static let maxSeparable = 3
}
