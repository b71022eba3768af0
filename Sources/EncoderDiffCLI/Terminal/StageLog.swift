import Diagnosis
import Logging
import Report
import TensorIO

/// Structured logs on standard error: one event a stage with its time, as text or as a line of JSON.
struct StageLog {
  private let logger: Logger?

  /// - Parameters:
  ///   - isWanted: whether anything is logged.
  ///   - isJSON: whether events are JSON.
  init(isWanted: Bool, isJSON: Bool) {
    guard isWanted else {
      logger = nil
      return
    }
    logger = Logger(label: "encoder-diff") { _ in ConsoleLogHandler(isJSON: isJSON) }
  }

  /// One event; `about` says of what.
  func event(_ name: String, about: [String: String] = [:], seconds: Double) {
    guard let logger else { return }
    var metadata: Logger.Metadata = about.mapValues { "\($0)" }
    metadata["seconds"] = "\(Numbers.compact(seconds))"
    logger.info("\(name)", metadata: metadata)
  }

  /// Does `body` and logs how long it took.
  func timed<Result>(
    _ name: String, about: [String: String] = [:], _ body: () throws -> Result
  ) rethrows -> Result {
    guard logger != nil else { return try body() }
    let start = ContinuousClock.now
    let result = try body()
    event(name, about: about, seconds: (ContinuousClock.now - start).inSeconds)
    return result
  }

  /// The times of one comparison.
  func stages(_ timings: [StageTiming], window: Int) {
    for timing in timings {
      event(
        timing.activity.rawValue,
        about: ["side": timing.side, "stage": "\(timing.stage)", "window": "\(window)"],
        seconds: timing.seconds)
    }
  }
}

extension Duration {
  fileprivate var inSeconds: Double { self / .seconds(1) }
}

/// Writes events to standard error.
struct ConsoleLogHandler: LogHandler {
  let isJSON: Bool
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  init(isJSON: Bool) { self.isJSON = isJSON }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let members = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    guard isJSON else {
      let text = members.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      return Console.note("\(event.level) \(event.message) \(text)\n")
    }
    var object = JSONObject()
    object.set("level", .string("\(event.level)"))
    object.set("event", .string("\(event.message)"))
    for (key, value) in members {
      object.set(key, Self.json("\(value)"))
    }
    Console.note(JSONValue.object(object).text + "\n")
  }

  /// Numbers stay numbers.
  private static func json(_ text: String) -> JSONValue {
    Int(text).map { .integer($0) } ?? Double(text).map { .number($0) } ?? .string(text)
  }
}
