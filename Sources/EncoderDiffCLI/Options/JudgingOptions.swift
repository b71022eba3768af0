import ArgumentParser
import EncoderModel
import Parity

/// What is forgiven, and what is looked into further.
struct JudgingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The precision that products are declared to have: bf16, f16, tf32, int8, q8_0, …; found, it "
        + "is named and does not fail.", valueName: "format"))
  var expect: String?

  @Flag(help: "Fail on declared precision and on benign differences too.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "Judge by |x − r| ≤ ATOL + RTOL·|r| instead of by rounding bounds; may be repeated, the last "
        + "glob that matches a tap counts.", valueName: "[glob:]rtol,atol"))
  var tolerance: [String] = []

  @Flag(help: "Taps that a candidate lacks are no trouble.")
  var allowMissing = false

  /// The claim that candidates are held to.
  /// - Throws: `UsageError` for an unknown format.
  func claim() throws -> PrecisionClaim {
    guard let expect else { return PrecisionClaim(isStrict: strict) }
    return .expecting(try NumberFormat(expected: expect), isStrict: strict)
  }

  /// The tolerances in the order given.
  /// - Throws: `TapToleranceError`.
  func tolerances(_ program: EncoderProgram) throws -> [TapTolerance] {
    try tolerance.map { text in
      let parsed = try TapTolerance(parsing: text)
      guard program.tapNames.contains(where: { globMatches(parsed.glob, $0) }) else {
        throw UsageError("--tolerance \(text): no tap matches '\(parsed.glob)'")
      }
      return parsed
    }
  }
}

extension Workbench {
  /// The judge that the options describe.
  /// - Throws: `UsageError`, `TapToleranceError`.
  func judge(_ options: JudgingOptions) throws -> Judge {
    judge(claim: try options.claim(), tolerances: try options.tolerances(model.program))
  }
}

extension NumberFormat {
  /// The precision that `--expect` declares.
  /// - Throws: `UsageError` where there is none of that name.
  init(expected name: String) throws {
    guard let format = NumberFormat(rawValue: name) else {
      let names = NumberFormat.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("--expect takes one of \(names), not '\(name)'")
    }
    self = format
  }
}
