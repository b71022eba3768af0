/// What every writer of tensors offers, and the choice among them by the output's name.
package import TensorCore

/// A container of tensors under construction; nothing stands at its path before `finish`.
///
/// A writer that goes away unfinished leaves nothing behind. Not thread-safe.
package protocol DumpWriter: AnyObject {
  /// Strings to store beside the tensors; may be set until `finish`.
  var metadata: [String: String] { get set }
  /// Appends one tensor and keeps nothing of it in memory.
  /// - Throws: `duplicateTensor`, `diskFull`, `cannotWrite`.
  func write(_ tensor: Tensor, named name: String) throws(TensorIOError)
  /// Completes the container, flushes it and puts it in the place of an old one.
  func finish() throws(TensorIOError)
  /// Gives up; what stood at the path before still does.
  func cancel()
}

/// The containers that dumps are written in.
package enum DumpFormat: String, Sendable, CaseIterable {
  case safetensors
  case npz
  /// A folder of .npy files and a metadata.json.
  case npyFolder = "npy"

  /// The format that an output's name asks for: its extension, or a folder where there is none.
  /// - Throws: `unsupported` for any other extension.
  package init(forOutput path: String) throws(TensorIOError) {
    let name = fileName(of: path)
    if path.hasSuffix("/") || isFolder(path) {
      self = .npyFolder
    } else if name.hasSuffix(".safetensors") {
      self = .safetensors
    } else if name.hasSuffix(".npz") {
      self = .npz
    } else if !name.dropFirst().contains(".") {
      self = .npyFolder
    } else {
      throw TensorIOError(
        path,
        .unsupported(
          what: "writing a dump of this name",
          advice: "end it in .safetensors or .npz, or in / for a folder of .npy"))
    }
  }
}

/// Opens a new dump at `path`.
/// `format`: `nil` chooses by the path's extension.
/// Throws `unsupported` (extension), `cannotWrite`, `diskFull`, `isDirectory`,
///   `notARegularFile`, `wouldReplaceForeignFolder`.
package func makeDumpWriter(
  _ path: String, format: DumpFormat? = nil
) throws(TensorIOError) -> any DumpWriter {
  let chosen: DumpFormat
  if let format { chosen = format } else { chosen = try DumpFormat(forOutput: path) }
  switch chosen {
  case .safetensors: return try SafetensorsWriter(path)
  case .npz: return try NpzWriter(path)
  case .npyFolder: return try NpyFolderWriter(path)
  }
}
