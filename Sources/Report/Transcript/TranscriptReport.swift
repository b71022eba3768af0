package import TensorIO
package import Transcription

/// What the encoders' outputs lead to: the texts, and how far each error is from changing one.
package struct TranscriptReport: Sendable {
  package var comparison: TranscriptComparison
  /// The faults injected into each candidate.
  package var faults: [[String]]

  /// Takes the faults of each candidate in the comparison's order.
  package init(comparison: TranscriptComparison, faults: [[String]]) {
    precondition(faults.count == comparison.candidates.count)
    self.comparison = comparison
    self.faults = faults
  }

  /// How reports call each candidate: `graph with ln-post-missing`.
  var labels: [String] {
    zip(comparison.candidates, faults).map { candidate, faults in
      faults.isEmpty ? candidate.name : "\(candidate.name) with \(FaultSummary.text(faults))"
    }
  }

  /// The comparison's members, with the faults beside each candidate.
  var members: JSONObject {
    var root = comparison.json.objectValue ?? JSONObject()
    let candidates = root["candidates"]?.arrayValue ?? []
    root.set(
      "candidates",
      .array(
        zip(candidates, faults).map { candidate, faults in
          var object = candidate.objectValue ?? JSONObject()
          object.set("faults", .array(faults.map { .string($0) }))
          return .object(object)
        }))
    return root
  }
}

/// The transcript's part of a report, or why there is none.
package enum TranscriptSection: Sendable {
  case compared(TranscriptReport)
  /// One line that says why.
  case absent(String)

  package var json: JSONValue {
    switch self {
    case .compared(let report):
      var root = JSONObject(["available": .bool(true)])
      let members = report.members
      for key in members.keys { root.set(key, members[key] ?? .null) }
      return .object(root)
    case .absent(let reason):
      return .members(["available": .bool(false), "reason": .string(reason)])
    }
  }

  /// The lines that `run` prints below its tables.
  package func lines(_ canvas: TextCanvas) -> [String] {
    switch self {
    case .compared(let report): return [""] + report.summary(canvas)
    case .absent(let reason): return ["", canvas.styled(reason, .dim)]
    }
  }
}

/// Everything that `transcribe` has to tell.
package struct TranscribeReport: Sendable {
  package var model: ModelIdentity
  package var input: InputIdentity
  /// Which windows of the audio were read.
  package var windows: [Int]
  package var transcript: TranscriptReport

  package init(
    model: ModelIdentity, input: InputIdentity, windows: [Int], transcript: TranscriptReport
  ) {
    self.model = model
    self.input = input
    self.windows = windows
    self.transcript = transcript
  }

  /// The document `encoder-diff.transcribe/1`.
  package var json: JSONValue {
    var root = JSONObject([
      "schema": .string("encoder-diff.transcribe/1"), "model": model.json, "input": input.json,
      "windows": .array(windows.map { .integer($0) }),
    ])
    let members = transcript.members
    for key in members.keys { root.set(key, members[key] ?? .null) }
    return .object(root)
  }
}
