extension ModelLoader {
  /// The model that is used where none is named: `ENCODER_DIFF_MODEL`, the one installed in
  /// `…/share/encoder-diff/models` beside `…/bin`, or `Fixtures/models` up the tree from the program.
  /// - Throws: `unknownModel` where none of them exists.
  package static func defaultModelPath() throws(ModelError) -> String {
    if let named = environment("ENCODER_DIFF_MODEL") { return named }
    if let program = executablePath(), let path = defaultModelPath(program: program) { return path }
    throw .unknownModel(
      "no model ships with this program; name one with --model or ENCODER_DIFF_MODEL")
  }

  /// The shipped model as seen from a program at `program`.
  package static func defaultModelPath(program: String) -> String? {
    var folder = parentFolder(of: program)
    let installed = "\(parentFolder(of: folder))/share/encoder-diff/models/\(shippedModelName)"
    if fileExists(installed) { return installed }
    while true {
      let candidate = "\(folder)/Fixtures/models/\(shippedModelName)"
      if fileExists(candidate) { return candidate }
      if folder == "/" || folder == "." { return nil }
      folder = parentFolder(of: folder)
    }
  }

  private static let shippedModelName = "spoken-digits"
}
