package import AudioFrontEnd
package import EncoderModel
package import Faults
import Parity
import TensorCore

/// Puts faults in, has them explained, and compares what is named with what was put in.
package struct MutationBench {
  private let explainer: Explainer
  private let context: SearchContext
  private let sound: Tensor

  package init(_ context: SearchContext) throws {
    self.context = context
    explainer = Explainer(context)
    sound = try context.makeBackend(context.program).encodeUnobserved(mel: context.mel)
  }

  /// One candidate with `faults` in it, of which `taps` are shown.
  package func row(_ faults: [FaultInstance], taps: TapSelection, setting: String) throws
    -> MutationScore.Row
  {
    let faulty = context.program.applying(faults)
    let backend = try context.makeBackend(faulty)
    let shelf = try CandidateShelf(
      LiveCandidate(backend), program: context.program, mel: context.mel, selection: taps)
    let explanation = try explainer.explain(shelf)
    let isDetected = !explanation.findings.isEmpty || !explanation.unexplained.isEmpty
    let output = try backend.encodeUnobserved(mel: context.mel)
    return row(
      explanation, faults: faults.map { ($0.fault.slug, $0.site, $0.description) },
      isEquivalent: !isDetected && relativeDistance(output, sound) <= Self.floor, setting: setting)
  }

  /// Outputs of two runs of one engine that are nearer than this differ by rounding.
  private static let floor = 4e-6

  /// A sound candidate: whatever is found in it is a false alarm.
  package func row(sound backend: any EncoderBackend, taps: TapSelection, setting: String) throws
    -> MutationScore.Row
  {
    let shelf = try CandidateShelf(
      LiveCandidate(backend), program: context.program, mel: context.mel, selection: taps)
    var row = row(try explainer.explain(shelf), faults: [], isEquivalent: true, setting: setting)
    row.found = row.falseAlarms.isEmpty ? [] : [backend.name] + row.falseAlarms
    return row
  }

  /// A foreign mel with front-end faults in it, and nothing else.
  package func row(frontEnd faults: [FrontEndFault], setting: String) throws -> MutationScore.Row? {
    guard let runner = context.frontEnd else { return nil }
    let options = faults.reduce(FrontEndOptions.whisper) { $1.applied(to: $0) }
    let mel = try runner.mel(options).converted(to: .float32)
    let shelf = CandidateShelf(
      name: "mel", program: context.program, values: ["mel": mel])
    let isSame = relativeDistance(mel, context.mel) <= MelBound.relative
    let explanation = try explainer.explain(shelf)
    return row(
      explanation, faults: faults.map { ($0.slug, "mel", $0.slug) },
      isEquivalent:
        isSame && explanation.findings.isEmpty && explanation.unexplained.isEmpty,
      setting: setting)
  }

  private func row(
    _ explanation: Explanation, faults: [(slug: String, site: String, text: String)],
    isEquivalent: Bool, setting: String
  ) -> MutationScore.Row {
    let findings = explanation.findings
    let isNamed = faults.allSatisfy { fault in
      findings.contains { $0.names(fault.slug, at: nil) }
    }
    let isSited = faults.allSatisfy { fault in
      findings.contains { $0.names(fault.slug, at: fault.site) }
    }
    let alarms = findings.filter { finding in
      !faults.contains { finding.names($0.slug, at: nil) }
    }.map { "\($0.name)@\($0.sites.first ?? "")" }
    let unexplained = explanation.unexplained.map { "unexplained \($0.tap)" }
    let isSound = faults.isEmpty
    return MutationScore.Row(
      setting: setting, faults: faults.map(\.text), isEquivalent: isEquivalent,
      isDetected: !findings.isEmpty || !unexplained.isEmpty, isNamed: isNamed, isSited: isSited,
      // A wrong name beside the right one is a false alarm; instead of it, it is a missed naming.
      falseAlarms: isNamed || isSound ? alarms + (isSound ? unexplained : []) : [],
      found: isNamed ? [] : alarms + unexplained)
  }
}

extension Finding {
  /// Whether the finding, or what the values cannot tell from it, is this fault (at this site).
  func names(_ slug: String, at site: String?) -> Bool {
    if self.slug == slug, site.map(sites.contains) ?? true { return true }
    return equivalents.contains { rival in
      rival.name.components.contains { part in
        part.slug == slug && (site == nil || part.site == site)
      }
    }
  }
}

extension String {
  /// The faults of a hypothesis' key.
  fileprivate var components: [(slug: String, site: String)] {
    split(separator: " + ").map { text in
      let parts = text.split(separator: "@", maxSplits: 1)
      let slug = (parts.first ?? "").split(separator: "=").first ?? ""
      return (String(slug), parts.count > 1 ? String(parts[1]) : "mel")
    }
  }
}
