package import TensorIO

/// A mapping file: which foreign tensor is which tap, and how it lies. JSON:
///
///     {"schema": "encoder-diff.mapping/1",
///      "taps": {"encoder.conv1": {"tensor": "stem/0", "layout": "channels-first", "scale": 1},
///               "encoder.ln_post": "out"}}
///
/// `layout` is one of `TapLayout`'s names and may be left out where the shape tells it; `scale` is
/// what foreign values are multiplied with.
package struct DumpMapping: Sendable {
  package struct Entry: Sendable, Equatable {
    package var tensor: String
    package var layout: String?
    package var scale: Double
  }

  /// By tap.
  package var entries: [String: Entry] = [:]
  /// Where it was read, for messages.
  package let path: String

  package init(path: String = "mapping") { self.path = path }

  /// Everything that `dump` found.
  package init(_ dump: AlignedDump) {
    path = dump.source.path
    for alignment in dump.alignments {
      entries[alignment.tap] = Entry(
        tensor: alignment.tensor, layout: alignment.layout.name, scale: alignment.scale)
    }
  }

  /// Reads a mapping file.
  /// - Throws: `invalidJSON`, `missingField`, `invalidField`.
  package init(contentsOf path: String) throws(TensorIOError) {
    self.path = path
    let root = try parseJSONFile(path, limit: 16 << 20)
    guard let taps = root["taps"]?.objectValue else {
      throw TensorIOError(path, .missingField("taps"))
    }
    for tap in taps.keys {
      guard let value = taps[tap] else { continue }
      if let tensor = value.stringValue {
        entries[tap] = Entry(tensor: tensor, layout: nil, scale: 1)
        continue
      }
      guard let tensor = value["tensor"]?.stringValue else {
        throw TensorIOError(
          path,
          .invalidField("taps.\(tap)", expected: "a name or {\"tensor\": …}", found: value.kind))
      }
      let scale = try scale(value["scale"], of: tap)
      if let layout = value["layout"], layout.stringValue == nil {
        throw TensorIOError(
          path, .invalidField("taps.\(tap).layout", expected: "a name", found: layout.kind))
      }
      entries[tap] = Entry(tensor: tensor, layout: value["layout"]?.stringValue, scale: scale)
    }
  }

  private func scale(_ value: JSONValue?, of tap: String) throws(TensorIOError) -> Double {
    guard let value else { return 1 }
    guard let scale = value.doubleValue, scale.isFinite, scale != 0 else {
      throw TensorIOError(
        path,
        .invalidField("taps.\(tap).scale", expected: "a finite number but 0", found: value.text))
    }
    return scale
  }

  /// The file's text, taps sorted.
  package var text: String {
    var taps = JSONObject()
    for (tap, entry) in entries.sorted(by: { $0.key < $1.key }) {
      var fields = JSONObject()
      fields.set("tensor", .string(entry.tensor))
      if let layout = entry.layout { fields.set("layout", .string(layout)) }
      if entry.scale != 1 { fields.set("scale", .number(entry.scale)) }
      taps.set(tap, .object(fields))
    }
    let lines = taps.keys.map { tap in
      "    \(JSONValue.string(tap).text): \(taps[tap]?.text ?? "null")"
    }
    return """
      {
        "schema": "encoder-diff.mapping/1",
        "taps": {
      \(lines.joined(separator: ",\n"))
        }
      }

      """
  }

  /// Writes the file; the old one stays until the new one is complete.
  /// - Throws: `diskFull`, `cannotWrite`.
  package func write(to path: String) throws(TensorIOError) {
    let file = try AtomicFile(path)
    try file.append(Array(text.utf8))
    try file.commit()
  }
}
