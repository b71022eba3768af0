import Report

/// The strings that a dump of ours carries beside its tensors, so that two can be told to belong together.
enum DumpIdentity {
  static func metadata(
    backend: String, faults: [String], model: ModelIdentity, input: InputIdentity, window: Int
  ) -> [String: String] {
    [
      "schema": "encoder-diff.dump/1", "producer": "encoder-diff \(productVersion)",
      "backend": backend, "faults": faults.joined(separator: " "), "model": model.name,
      "encoderWeightsHash": model.encoderWeightsHash, "input": input.path, "melHash": input.hash,
      "window": "\(window)",
    ]
  }
}
