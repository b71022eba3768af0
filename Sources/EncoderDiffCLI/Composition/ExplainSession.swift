import ArgumentParser
import AudioFrontEnd
import Diagnosis
import EncoderModel
import ForeignDumps
import GraphBackend
import ReferenceBackend
import Report
import TensorCore
import TensorIO
import Transcription

/// One run of `explain`: the input, the candidate's values and the search over them.
struct ExplainSession {
  let input: EncoderInput
  /// Faults that the candidate is known to have.
  let faults: [String]
  let command: Explain
  let bench: Workbench
  private let windowIndex: Int

  init(_ command: Explain, bench: Workbench) throws {
    self.command = command
    self.bench = bench
    let wanted = command.backend == nil ? 1 : 0
    let audio = command.files.count > wanted ? command.files[wanted] : nil
    guard command.files.count <= wanted + 1, command.backend != nil || !command.files.isEmpty else {
      throw UsageError(
        command.backend == nil
          ? "name a dump and its audio, or --backend; see 'encoder-diff explain --help'"
          : "with --backend name the audio alone")
    }
    guard command.inject.isEmpty || command.backend?.hasPrefix("graph") == true else {
      throw UsageError("--inject acts on the graph backend; give --backend graph")
    }
    let options = try InputOptions.parse(
      (audio.map { [$0] } ?? []) + (command.mel.map { ["--mel", $0] } ?? [])
        + ["--window", command.window])
    input = try EncoderInput(options, dimensions: bench.model.dimensions)
    guard let first = input.windows.first, input.windows.count == 1 else {
      throw UsageError("explain looks at one window; give --window N")
    }
    windowIndex = first.index
    faults = try Injection(command.inject, program: bench.model.program).names
  }

  var mel: Tensor { input.windows[0].mel }

  private var expected: NumberFormat? {
    get throws {
      try command.expect.map { try NumberFormat(expected: $0) }
    }
  }

  /// Finds the causes.
  func explain(_ progress: Progress) throws -> Explanation {
    let context = try SearchContext(
      bench, mel: mel, frontEnd: runner, expected: expected, budgetSeconds: command.budget
    ) { progress.show($0, $1) }
    let selection = try bench.selection(command.taps.taps)
    if command.backend != nil {
      let shelf = try CandidateShelf(
        try live(), program: bench.model.program, mel: mel, selection: selection)
      return try Explainer(context).explain(shelf)
    }
    let (shelf, notes, doubt) = try dump(command.files[0], selection: .all)
    let explanation = try Explainer(context).explain(shelf, notes: notes)
    if let doubt, explanation.findings.isEmpty, explanation.unexplained.isEmpty {
      throw UsageError("\(command.files[0]): \(doubt)")
    }
    return explanation
  }

  private var runner: FrontEndRunner? {
    input.waveform.map {
      FrontEndRunner($0, windowIndex: windowIndex, context: input.context)
    }
  }

  func live() throws -> LiveCandidate {
    let injection = try Injection(command.inject, program: bench.model.program)
    let backend = try bench.backend(
      command.backend ?? "graph", program: injection.isEmpty ? nil : injection.program)
    let own = try injection.frontEnd.map { try input.mel(window: windowIndex, options: $0) }
    return LiveCandidate(backend, faults: injection.names, mel: own)
  }

  /// A foreign dump's taps, what had to be understood to read them, and why no good may be said of it.
  private func dump(
    _ path: String, selection: TapSelection
  ) throws -> (CandidateShelf, notes: [String], doubt: String?) {
    let program = bench.model.program
    let source = try openTensorSource(path)
    if let mel = try loneMel(source) {
      let shelf = CandidateShelf(name: path, program: program, values: ["mel": mel])
      return (shelf, [], nil)
    }
    let aligned = try ForeignDump(path, mapping: command.mapping, bench: bench).aligned(mel: mel)
    guard !aligned.tapNames.isEmpty else { throw ExplainError.nothingShown(path) }
    let candidate = candidate(aligned, name: path)
    let shelf = try CandidateShelf(
      candidate, program: program, mel: mel, selection: selection)
    let conventions = aligned.alignments.filter { $0.notes.contains { $0.contains("harmless") } }
      .map { "\($0.tap): \($0.notes.joined(separator: ", "))" }
    return (shelf, conventions + aligned.ambiguities.map(\.text), aligned.doubt)
  }

  /// The only tensor of a file, where it has bands like a mel and is no encoder output.
  func loneMel(_ source: any TensorSource) throws -> Tensor? {
    guard source.names.count == 1, let name = source.names.first, command.mapping == nil else {
      return nil
    }
    let sizes = bench.model.dimensions
    let tensor = try source.tensor(name)
    let shape = Array(tensor.shape.drop { $0 == 1 })
    guard shape.count == 2, shape != [sizes.numAudioContext, sizes.audioWidth],
      shape != [sizes.audioWidth, sizes.numAudioContext], tensor.scalarType.isFloatingPoint
    else { return nil }
    let bands = [sizes.numMels, 80, 128]
    if bands.contains(shape[1]), !bands.contains(shape[0]) || shape[0] > shape[1] {
      return tensor.reshaped(shape)
    }
    guard bands.contains(shape[0]) else { return nil }
    let turned = tensor.withFloat64 { values in
      Tensor.float64([shape[1], shape[0]]) { target in
        for i in 0..<target.count { target[i] = values[i % shape[0] * shape[1] + i / shape[0]] }
      }
    }
    return turned.converted(to: tensor.scalarType)
  }

  /// What the causes do to the text; `nil` where there is no text to be had.
  func transcript(_ explanation: Explanation, model: WhisperModel) -> TranscriptEffect? {
    guard let repair = explanation.repair, let sound = repair.soundOutput,
      let repaired = repair.repairedOutput, let own = repair.ownOutput,
      let transcriber = try? Transcriber(model: model),
      let comparison = try? transcriber.compare(
        control: ("reference", [sound]),
        candidates: [("candidate", [own]), ("repaired", [repaired])]),
      comparison.candidates.count == 2
    else { return nil }
    let (candidate, mended) = (comparison.candidates[0], comparison.candidates[1])
    return TranscriptEffect(
      control: comparison.control.transcript.text, candidate: candidate.transcript.text,
      repaired: mended.transcript.text, breaksAt: candidate.firstDifference.map { $0.index + 1 },
      numTokens: comparison.control.transcript.tokens.count,
      isRepairedIdentical: mended.isSameText)
  }
}
