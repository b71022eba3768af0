import AudioFrontEnd
import EncoderModel
import Faults
import TensorCore

/// What findings do to the encoder's output, alone and together.
struct HarmCheck {
  let context: SearchContext
  let shelf: CandidateShelf

  /// Outputs nearer than this differ by no more than two sound Float32 engines do: their floor is a
  /// relative L2 of 4–7·10⁻⁷.
  private static let floor = 2e-6

  /// Fills in what each finding changes at the output, marks those without effect, and says what
  /// would be left if all were repaired.
  func run(_ explanation: inout Explanation) throws {
    let mel = shelf.tensor("mel") ?? context.mel
    guard !explanation.findings.isEmpty else { return }
    let sound = try output(Hypothesis(), mel: mel)
    for index in explanation.findings.indices {
      let finding = explanation.findings[index]
      guard let hypothesis = finding.hypothesis, hypothesis.frontEnd.isEmpty else { continue }
      context.progress(
        "effects", Double(index) / Double(max(explanation.findings.count, 1)))
      let effect = relativeDistance(try output(hypothesis, mel: mel), sound)
      explanation.findings[index].outputEffect = effect
      guard effect <= Self.floor else { continue }
      explanation.findings[index].isBenign = true
      explanation.findings[index].note =
        "without effect: the encoder's output moves by \(Figure.short(effect)), which is rounding"
    }
    explanation.repair = try repair(explanation, mel: mel)
  }

  private func output(_ hypothesis: Hypothesis, mel: Tensor) throws -> Tensor {
    try context.makeBackend(hypothesis.applied(to: context.program))
      .encodeUnobserved(mel: mel.converted(to: .float32))
  }

  private func repair(_ explanation: Explanation, mel: Tensor) throws -> Repair {
    var repair = Repair()
    let causes = explanation.findings.compactMap(\.hypothesis)
    let frontEnd = Hypothesis(frontEnd: causes.flatMap(\.frontEnd))
    var faultyMel = mel
    if !frontEnd.frontEnd.isEmpty, let runner = context.frontEnd {
      let reproduced = try runner.mel(frontEnd.frontEndOptions).converted(to: .float32)
      if let own = shelf.tensor("mel") {
        repair.melBefore = relativeDistance(own, context.mel)
        repair.melAfter = relativeDistance(own, reproduced)
      } else {
        faultyMel = reproduced
      }
    }
    guard let own = shelf.tensor(EncoderStage.lnPost.outputTap) else { return repair }
    let sound = try output(Hypothesis(), mel: context.mel)
    let reproduction = try output(Hypothesis(faults: causes.flatMap(\.faults)), mel: faultyMel)
    repair.before = relativeDistance(own, sound)
    repair.after = relativeDistance(own, reproduction)
    repair.repairedOutput = Tensor.float32(sound.shape) { target in
      sound.withFloat32 { s in
        own.withFloat32 { x in
          reproduction.withFloat32 { r in
            for i in 0..<target.count {
              let left = x[i] - r[i]
              target[i] = left.isFinite ? s[i] + left : s[i]
            }
          }
        }
      }
    }
    repair.soundOutput = sound
    repair.ownOutput = own
    return repair
  }
}
