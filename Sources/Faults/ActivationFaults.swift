import EncoderModel

/// What stands where GELU should.
enum ActivationFaults {
  static let all: [Fault] = [
    fault(
      "gelu-tanh", "GELU by the tanh approximation (error up to 5e-4 per element)",
      remedy: "nothing needs to change; use the erf form for exact parity", .tanh, isBenign: true),
    fault(
      "gelu-tanh-table",
      "GELU by the tanh approximation, read from a table of f16 values (ggml, whisper.cpp)",
      remedy: "nothing needs to change; build ggml without GGML_GELU_FP16 for f32 values",
      .tanhTable, isBenign: true),
    fault("gelu-quick", "quick-GELU x·σ(1.702x) instead of GELU", .quick),
    Fault(
      "gelu-missing", ids: [35], "no activation", remedy: "apply GELU here",
      sites: Sites.activations
    ) { program, site, _ in program.setOperation(site, .gelu(.identity)) },
    fault("gelu-relu", "ReLU instead of GELU", .relu),
    fault("gelu-silu", "SiLU instead of GELU", .silu),
    fault("gelu-hard-swish", "hard-swish x·min(max(x + 3, 0), 6)/6 instead of GELU", .hardSwish),
    fault("gelu-mish", "Mish x·tanh(ln(1 + eˣ)) instead of GELU", .mish),
    fault("gelu-elu", "ELU instead of GELU", .elu),
    fault("gelu-squared-relu", "max(x, 0)² instead of GELU", .squaredReLU),
    Fault(
      "gelu-erf-polynomial", ids: [42],
      "GELU with erf by a short polynomial of Abramowitz & Stegun (error up to 5e-4)",
      remedy: "use the library's erf, or Abramowitz & Stegun 7.1.26 or 7.1.28",
      parameter: .word("formula", ErfPolynomial.allCases.map(\.rawValue)),
      sites: Sites.activations
    ) { program, site, value in
      let polynomial = ErfPolynomial(rawValue: value.word) ?? .threeTerms
      program.setOperation(site, .gelu(.erfPolynomial(polynomial)))
    },
    fitted(
      "gelu-sigmoid", "x·σ(slope·x) instead of GELU", remedy: "use the erf form x·Φ(x)",
      .number("slope", 1.5, above: 0, fit: .logarithmic, neutral: 1.702)
    ) { .sigmoid(slope: $0) },
    fitted(
      "gelu-leaky-relu", "leaky ReLU instead of GELU", remedy: "use the erf form x·Φ(x)",
      .number("slope", 0.01, fit: .linear)
    ) { .leakyReLU(slope: $0) },
    fitted(
      "gelu-erf-divisor", "GELU as x/2·(1 + erf(x/divisor)) with another divisor than √2",
      remedy: "divide by √2",
      .number(
        "divisor", 1, trying: [2], above: 0, fit: .logarithmic, neutral: 2.0.squareRoot())
    ) { .erfDividing(by: $0) },
    fitted(
      "gelu-tanh-cubic", "GELU by the tanh approximation with another factor of x³",
      remedy: "the factor is 0.044715; or use the erf form",
      .number(
        "factor", 0.4715, trying: [0.0044715], fit: .logarithmic, neutral: GELUVariant.tanhCubic)
    ) { .tanhWith(scale: GELUVariant.tanhScale, cubic: $0) },
    fitted(
      "gelu-tanh-scale", "GELU by the tanh approximation with another factor than √(2/π)",
      remedy: "the factor is √(2/π) = 0.79788; or use the erf form",
      .number(
        "factor", 0.8, trying: [1.128], above: 0, fit: .logarithmic,
        neutral: GELUVariant.tanhScale)
    ) { .tanhWith(scale: $0, cubic: GELUVariant.tanhCubic) },
  ]

  private static func fault(
    _ slug: String, _ summary: String, remedy: String = "use the erf form x·Φ(x)",
    _ variant: GELUVariant, isBenign: Bool = false
  ) -> Fault {
    Fault(
      slug, ids: [42], summary, remedy: remedy, isBenign: isBenign, sites: Sites.activations
    ) { program, site, _ in program.setOperation(site, .gelu(variant)) }
  }

  private static func fitted(
    _ slug: String, _ summary: String, remedy: String, _ parameter: FaultParameter,
    _ variant: @escaping @Sendable (Double) -> GELUVariant
  ) -> Fault {
    Fault(
      slug, ids: [42], summary, remedy: remedy, parameter: parameter, sites: Sites.activations
    ) { program, site, value in program.setOperation(site, .gelu(variant(value.number))) }
  }
}
