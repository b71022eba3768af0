package import EncoderModel
package import TensorCore

/// Whose taps are judged, one stage at a time: an encoder that runs now, or a dump of another.
package protocol Candidate: Sendable {
  /// What reports call it: a backend's name, or a dump's file name.
  var name: String { get }
  /// Faults injected into it, as `slug=value@tap`.
  var faults: [String] { get }
  /// The taps that it can show at all; `nil` for all of the program's.
  var availableTaps: Set<String>? { get }
  /// Whether it computed its mel itself and does not show it.
  var hidesMel: Bool { get }

  /// The taps of one stage.
  /// - `stage`: stages come in program order.
  /// - `input`: what this candidate returned as the output of the stage before; for the stem the
  ///     mel that all encoders are given, which a candidate with its own front-end ignores.
  ///     Only dumps can do without.
  /// - `taps`: names that are wanted, of any stage.
  func taps(
    of stage: EncoderStage, input: Tensor?, observing taps: Set<String>
  ) throws -> StageTaps
}

extension Candidate {
  package var hidesMel: Bool { false }
}

/// What a candidate shows of one stage.
package struct StageTaps: Sendable {
  /// By tap name; canonical shapes, unless the candidate's are wrong.
  package var values: [String: Tensor]
  /// The stage's output: `nil` where a dump does not hold it.
  package var output: Tensor?

  package init(values: [String: Tensor] = [:], output: Tensor? = nil) {
    self.values = values
    self.output = output
  }
}

/// A backend that runs while it is compared.
package struct LiveCandidate: Candidate {
  package let backend: any EncoderBackend
  package let faults: [String]
  /// The mel of a faulty front-end `[frames, mels]`; `nil` to take the one that all are given.
  package let mel: Tensor?

  package init(_ backend: any EncoderBackend, faults: [String] = [], mel: Tensor? = nil) {
    self.backend = backend
    self.faults = faults
    self.mel = mel
  }

  package var name: String { backend.name }
  package var availableTaps: Set<String>? { nil }

  package func taps(
    of stage: EncoderStage, input: Tensor?, observing taps: Set<String>
  ) throws -> StageTaps {
    var result = StageTaps()
    guard let input = stage == .stem ? mel ?? input : input else {
      throw ComparisonError.noInput(name: name, stage: stage)
    }
    if stage == .stem && taps.contains("mel") { result.values["mel"] = input }
    result.output = try backend.run(stage, input: input, observing: taps) { name, value in
      result.values[name] = value
    }
    return result
  }
}

/// A dump, whoever wrote it; tensors are read stage by stage.
package struct DumpCandidate: Candidate {
  package let name: String
  package let faults: [String]
  package let availableTaps: Set<String>?
  package let hidesMel: Bool
  private let read: @Sendable (String) throws -> Tensor?
  private let namesByStage: [EncoderStage: [String]]

  /// - `program`: the sound program, for the taps of each stage.
  /// - `available`: the taps that the dump holds.
  /// - `isGivenMel`: whether the dump was made from the very mel that it is compared on.
  /// - `read`: a tap in canonical shape; called for available taps only.
  package init(
    name: String, program: EncoderProgram, available: Set<String>, faults: [String] = [],
    isGivenMel: Bool = false, read: @escaping @Sendable (String) throws -> Tensor?
  ) {
    self.name = name
    self.faults = faults
    self.read = read
    availableTaps = available
    hidesMel = !isGivenMel && !available.contains("mel")
    namesByStage = Dictionary(grouping: program.tapNames.filter(available.contains)) { tap in
      program.node(named: tap)?.stage ?? .stem
    }
  }

  package func taps(
    of stage: EncoderStage, input: Tensor?, observing taps: Set<String>
  ) throws -> StageTaps {
    var result = StageTaps()
    for name in namesByStage[stage] ?? [] where taps.contains(name) || name == stage.outputTap {
      guard let value = try read(name) else { continue }
      if taps.contains(name) { result.values[name] = value }
      if name == stage.outputTap { result.output = value }
    }
    return result
  }
}

/// What can keep a comparison from running.
package enum ComparisonError: Error, CustomStringConvertible {
  case noInput(name: String, stage: EncoderStage)

  package var description: String {
    switch self {
    case .noInput(let name, let stage):
      "\(name) cannot run its \(stage): there is no input; give audio or --mel"
    }
  }
}
