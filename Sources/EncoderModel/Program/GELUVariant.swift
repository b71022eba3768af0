#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which function stands where GELU should.
package enum GELUVariant: Sendable, Hashable {
  /// x·Φ(x), exact.
  case erf
  /// x/2·(1 + erf(x/divisor)); √2 would be right.
  case erfDividing(by: Double)
  /// erf by a polynomial of Abramowitz & Stegun.
  case erfPolynomial(ErfPolynomial)
  /// x/2·(1 + tanh(√(2/π)(x + 0.044715x³))).
  case tanh
  /// The same with other constants: x/2·(1 + tanh(scale·(x + cubic·x³))).
  case tanhWith(scale: Double, cubic: Double)
  /// ggml's table: tanh's form of x rounded to f16, its value rounded to f16; 0 up to −10, x from 10 on.
  case tanhTable
  /// x·σ(slope·x): quick-GELU with 1.702, SiLU with 1.
  case sigmoid(slope: Double)
  /// x where it is positive, slope·x elsewhere: ReLU with 0.
  case leakyReLU(slope: Double)
  /// max(x, 0)².
  case squaredReLU
  /// x·min(max(x + 3, 0), 6)/6.
  case hardSwish
  /// x·tanh(ln(1 + eˣ)).
  case mish
  /// x where it is positive, eˣ − 1 elsewhere.
  case elu
  /// No activation at all.
  case identity

  package static let quick = GELUVariant.sigmoid(slope: 1.702)
  package static let silu = GELUVariant.sigmoid(slope: 1)
  package static let relu = GELUVariant.leakyReLU(slope: 0)

  /// The factor before x + 0.044715x³ in tanh's form.
  package static let tanhScale = (2 / Double.pi).squareRoot()
  /// The coefficient of x³ in tanh's form.
  package static let tanhCubic = 0.044715

  /// The function itself in Float64; NaN propagates.
  ///
  /// One definition for every executor of all that no sound encoder has: a variant is about which function
  /// stands there, not about how it is computed.
  /// - Note: Source openai/whisper model.py `F.gelu`; PyTorch `torch.nn.functional` for the others; ggml
  ///   `ggml_vec_gelu_f32` with `GGML_GELU_FP16` for the table.
  package func value(_ x: Double) -> Double {
    switch self {
    case .erf: 0.5 * x * erfc(-x * 0.5.squareRoot())
    case .erfDividing(let divisor): 0.5 * x * erfc(-x / divisor)
    case .erfPolynomial(let polynomial): 0.5 * x * (1 + polynomial.value(x * 0.5.squareRoot()))
    case .tanh: Self.tanhForm(x, Self.tanhScale, Self.tanhCubic)
    case .tanhWith(let scale, let cubic): Self.tanhForm(x, scale, cubic)
    case .tanhTable: Self.tabulated(x)
    case .sigmoid(let slope): x / (1 + exp(-slope * x))
    case .leakyReLU(let slope): x < 0 ? slope * x : x
    case .squaredReLU: x < 0 ? 0 : x * x
    case .hardSwish: x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6
    case .mish: x > 40 ? x : x * hyperbolicTangent(log1p(exp(x)))
    case .elu: x < 0 ? expm1(x) : x
    case .identity: x
    }
  }

  private static func tanhForm(_ x: Double, _ scale: Double, _ cubic: Double) -> Double {
    0.5 * x * (1 + hyperbolicTangent(scale * (x + cubic * x * x * x)))
  }

  private static func tabulated(_ x: Double) -> Double {
    if x <= -10 { return 0 }
    if x >= 10 || x.isNaN { return x }
    return Double(Float16(tanhForm(Double(Float16(Float(x))), tanhScale, tanhCubic)))
  }
}

/// `tanh`, which inside the type is one of its cases.
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }

/// Polynomials for erf by their number in Abramowitz & Stegun, *Handbook of Mathematical Functions*; 7.1.26 and
/// 7.1.28 are as exact as Float32 and no fault.
package enum ErfPolynomial: String, Sendable, Hashable, CaseIterable {
  /// Three terms in 1/(1 + 0.47047x), error 2.5e-5.
  case threeTerms = "7.1.25"
  /// 1 − 1/(1 + a₁x + … + a₄x⁴)⁴, error 5e-4.
  case fourthPower = "7.1.27"

  func value(_ x: Double) -> Double {
    let size = abs(x)
    let result: Double
    switch self {
    case .threeTerms:
      let t = 1 / (1 + 0.47047 * size)
      result = 1 - t * (0.3480242 + t * (-0.0958798 + t * 0.7478556)) * exp(-size * size)
    case .fourthPower:
      let sum = 1 + size * (0.278393 + size * (0.230389 + size * (0.000972 + size * 0.078108)))
      result = 1 - 1 / (sum * sum * sum * sum)
    }
    return x < 0 ? -result : result
  }
}
