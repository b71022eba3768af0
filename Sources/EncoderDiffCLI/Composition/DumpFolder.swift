import Diagnosis
import Report
import TensorCore
import TensorIO

/// `run --dump DIR`: a file of taps for each side, put in place when the window is complete.
struct DumpFolder {
  /// The reference's, then each candidate's.
  private let writers: [any DumpWriter]

  /// Opens the files in a folder that exists.
  /// `window`: part of the files' names where there are several.
  init(
    _ folder: String, window: Int?, sides: Sides,
    identity: (model: ModelIdentity, input: InputIdentity)
  ) throws {
    let suffix = window.map { "-window-\($0)" } ?? ""
    let names = [sides.reference.name] + sides.names
    // The reference compared with itself is one file, not two of one name.
    let isAlone = names.count == 2 && names[0] == names[1]
    writers = try names.enumerated().map { index, name in
      let label = isAlone && index == 1 ? "\(name)-again" : name
      let path = "\(folder)/\(label.replacing(":", with: "-"))\(suffix).safetensors"
      let writer = try makeDumpWriter(path)
      writer.metadata = DumpIdentity.metadata(
        backend: name, faults: index == 0 ? [] : sides.faults(of: name), model: identity.model,
        input: identity.input, window: window ?? 0)
      return writer
    }
  }

  func write(_ candidate: Int?, tap: String, _ value: Tensor) throws {
    try writers[candidate.map { $0 + 1 } ?? 0].write(value, named: tap)
  }

  func finish() throws {
    for writer in writers { try writer.finish() }
  }
}
