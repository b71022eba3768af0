package import TensorCore
package import TensorIO

/// What `dump` has written: who computed it from what, and a line a tap.
package struct DumpReport: Sendable {
  package var file: String
  package var backend: String
  package var faults: [String]
  package var model: ModelIdentity
  package var input: InputIdentity
  package var window: Int
  private var taps: [Entry] = []

  package init(
    file: String, backend: String, faults: [String], model: ModelIdentity, input: InputIdentity,
    window: Int
  ) {
    self.file = file
    self.backend = backend
    self.faults = faults
    self.model = model
    self.input = input
    self.window = window
  }

  private struct Entry: Sendable {
    var tap: String
    var shape: [Int]
    var type: ScalarType
    var levels: Levels
  }

  /// Takes a tap that was written, in the order of the file.
  package mutating func add(_ tap: String, _ value: Tensor) {
    taps.append(
      Entry(tap: tap, shape: value.shape, type: value.scalarType, levels: Levels(value)))
  }

  /// A table of the taps.
  package func lines(_ canvas: TextCanvas) -> [String] {
    var table = TextTable([
      .init("tap", .left), .init("shape", .left), .init("type", .left), .init("mean"),
      .init("std"), .init("least"), .init("largest"), .init("non-finite", expendability: 1),
    ])
    for entry in taps {
      let levels = entry.levels
      table.add([
        .init(entry.tap), .init(entry.shape.map(String.init).joined(separator: " × ")),
        .init(entry.type.rawValue), .init(Numbers.compact(levels.mean)),
        .init(Numbers.compact(levels.standardDeviation)), .init(Numbers.compact(levels.least)),
        .init(Numbers.compact(levels.largest)), .init("\(levels.nonFinite)"),
      ])
    }
    return table.lines(canvas)
      + ["\(Numbers.counted(taps.count, "tap")) of \(backend) written to \(file)"]
  }

  /// The document `encoder-diff.dump-report/1`.
  package var json: JSONValue {
    .members([
      "schema": .string("encoder-diff.dump-report/1"), "file": .string(file),
      "backend": .string(backend), "faults": .array(faults.map { .string($0) }),
      "model": model.json, "input": input.json, "window": .integer(window),
      "taps": .array(
        taps.map { entry in
          .members([
            "tap": .string(entry.tap), "shape": .array(entry.shape.map { .integer($0) }),
            "type": .string(entry.type.rawValue), "mean": .figure(entry.levels.mean),
            "std": .figure(entry.levels.standardDeviation), "min": .figure(entry.levels.least),
            "max": .figure(entry.levels.largest), "nonFinite": .integer(entry.levels.nonFinite),
          ])
        }),
    ])
  }
}

/// Moments and extremes of a tensor's finite values; `nil` where there is none.
private struct Levels: Sendable {
  var mean: Double?
  /// Biased.
  var standardDeviation: Double?
  var least: Double?
  var largest: Double?
  /// Values that are NaN or ∞.
  var nonFinite = 0

  init(_ tensor: Tensor) {
    tensor.withFloat64 { values in
      var (sum, low, high) = (0.0, Double.infinity, -Double.infinity)
      for value in values {
        guard value.isFinite else {
          nonFinite += 1
          continue
        }
        sum += value
        low = min(low, value)
        high = max(high, value)
      }
      let count = values.count - nonFinite
      guard count > 0 else { return }
      let mean = sum / Double(count)
      var squares = 0.0
      for value in values where value.isFinite { squares += (value - mean) * (value - mean) }
      self.mean = mean
      standardDeviation = (squares / Double(count)).squareRoot()
      least = low
      largest = high
    }
  }
}
