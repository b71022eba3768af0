package import TensorIO

/// What a sweep compares, the first line of a part: only parts of equal settings go on and merge.
package struct SweepSettings: Sendable, Equatable {
  /// What the user calls the model.
  package var model: String
  /// Hash of the encoder's weights as Float32, hexadecimal.
  package var encoderWeightsHash: String
  package var reference: String
  package var candidates: [String]
  package var faults: [String]
  /// As `--taps` takes them.
  package var taps: String

  private static let schema = "encoder-diff.part/1"

  package init(
    model: String, encoderWeightsHash: String, reference: String, candidates: [String],
    faults: [String], taps: String
  ) {
    self.model = model
    self.encoderWeightsHash = encoderWeightsHash
    self.reference = reference
    self.candidates = candidates
    self.faults = faults
    self.taps = taps
  }

  /// Reads a first line; `nil` where it is of another kind.
  package init?(_ value: JSONValue) {
    guard value["schema"]?.stringValue == Self.schema else { return nil }
    func text(_ key: String) -> String { value[key]?.stringValue ?? "" }
    func texts(_ key: String) -> [String] {
      (value[key]?.arrayValue ?? []).compactMap(\.stringValue)
    }
    self.init(
      model: text("model"), encoderWeightsHash: text("encoderWeightsHash"),
      reference: text("reference"), candidates: texts("candidates"), faults: texts("faults"),
      taps: text("taps"))
  }

  package var json: JSONValue {
    var root = JSONObject()
    root.set("schema", .string(Self.schema))
    root.set("model", .string(model))
    root.set("encoderWeightsHash", .string(encoderWeightsHash))
    root.set("reference", .string(reference))
    root.set("candidates", .array(candidates.map { .string($0) }))
    root.set("faults", .array(faults.map { .string($0) }))
    root.set("taps", .string(taps))
    return .object(root)
  }

  /// The first thing in which the settings differ, in words; `nil` where figures of both may be
  /// summed up. One model may lie at several places.
  package func difference(from other: SweepSettings) -> String? {
    func list(_ names: [String]) -> String {
      names.isEmpty ? "none" : names.joined(separator: ", ")
    }
    let pairs: [(what: String, own: String, other: String)] = [
      ("backends", list([reference] + candidates), list([other.reference] + other.candidates)),
      ("faults", list(faults), list(other.faults)), ("taps", taps, other.taps),
    ]
    if encoderWeightsHash != other.encoderWeightsHash {
      return model == other.model
        ? "other weights of \(model)" : "model \(model), not \(other.model)"
    }
    return pairs.first { $0.own != $0.other }.map { "\($0.what) \($0.own), not \($0.other)" }
  }
}
