package import Regression
package import TensorIO

/// What one run of `sweep` has done to its part.
package struct SweepRunReport: Sendable {
  package var manifest: String
  package var part: String
  package var shard: Shard?
  package var model: ModelIdentity
  package var reference: String
  package var candidates: [String]
  /// Files of the shard, and those that the part held completely before.
  package var numFiles: Int
  package var numDone: Int
  /// Windows written now.
  package private(set) var numWindows = 0
  /// Those not at parity: `dir/a.flac#3`.
  package private(set) var divergent: [String] = []
  /// Inputs that could not be compared, with the reason, in order.
  package private(set) var troubles: [(input: String, reason: String)] = []

  package init(
    manifest: String, part: String, shard: Shard?, model: ModelIdentity, reference: String,
    candidates: [String], numFiles: Int, numDone: Int
  ) {
    self.manifest = manifest
    self.part = part
    self.shard = shard
    self.model = model
    self.reference = reference
    self.candidates = candidates
    self.numFiles = numFiles
    self.numDone = numDone
  }

  /// Takes a window that was written.
  package mutating func add(_ line: SweepLine) {
    if let reason = line.trouble {
      troubles.append((line.input, reason))
      return
    }
    numWindows += 1
    if line.candidates.contains(where: { $0.verdict != "parity" }) { divergent.append(line.name) }
  }

  /// `12 windows written to part.jsonl, 1 not at parity`.
  package var sentence: String {
    var text =
      "\(Numbers.counted(numWindows, "window")) written to \(part), "
      + "\(divergent.count) not at parity"
    if numDone > 0 { text += "; \(Numbers.counted(numDone, "file")) done before" }
    if !troubles.isEmpty {
      text += "; \(Numbers.counted(troubles.count, "file")) could not be compared"
    }
    return text
  }

  /// The first trouble and how many more there are; `nil` where there is none.
  package var complaint: String? {
    guard let first = troubles.first else { return nil }
    let others = troubles.count - 1
    return "not compared: \(first.reason)"
      + (others > 0 ? "; and \(others) more, see 'trouble' in \(part)" : "")
  }

  /// The document `encoder-diff.sweep-run/1`.
  package var json: JSONValue {
    .members([
      "schema": .string("encoder-diff.sweep-run/1"), "manifest": .string(manifest),
      "part": .string(part),
      "shard": shard.map { .members(["index": .integer($0.index), "count": .integer($0.count)]) }
        ?? .null, "model": model.json, "reference": .string(reference),
      "candidates": .array(candidates.map { .string($0) }), "files": .integer(numFiles),
      "filesDoneBefore": .integer(numDone), "windows": .integer(numWindows),
      "divergent": .array(divergent.map { .string($0) }),
      "troubles": .array(
        troubles.map { .members(["input": .string($0.input), "reason": .string($0.reason)]) }),
    ])
  }
}
