import TensorIO

extension AlignedDump {
  /// What `align` prints: a line for each tap found, then what is ambiguous, missing and left over.
  /// `isBrief`: only what the reader should look at: no line for taps found by a plain name.
  package func lines(isBrief: Bool = false) -> [String] {
    var lines: [String] = []
    let width = tapNames.map(\.count).max() ?? 0
    for alignment in alignments
    where !isBrief || alignment.means == .values || !alignment.notes.isEmpty {
      let name = alignment.tap + String(repeating: " ", count: width - alignment.tap.count)
      lines.append("\(name)  \(alignment.text)")
    }
    lines += ambiguities.map { "ambiguous: \($0.text)" }
    if !missingTaps.isEmpty {
      lines.append("not in the dump: \(summary(of: missingTaps))")
    }
    if !unmappedTensors.isEmpty {
      lines.append("left over: \(summary(of: unmappedTensors.map(\.name)))")
    }
    return lines
  }

  /// Why nothing good may be said of a dump in which every recognised tap is sound: its output may be
  /// among the tensors that were not recognised. `nil` where it is not.
  package var doubt: String? {
    guard !possibleOutputs.isEmpty else { return nil }
    return "the encoder's output was not recognised and may be \(summary(of: possibleOutputs)): "
      + "say which tensor is 'encoder.ln_post' in a mapping file, as 'encoder-diff align -o' writes it"
  }

  /// The first names, and how many there are in all.
  private func summary(of names: [String]) -> String {
    names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", … (\(names.count) in all)" : "")
  }
}
