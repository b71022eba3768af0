import Diagnosis
import EncoderModel
import ForeignDumps
import Parity
import ReferenceBackend
import Report
import TensorCore
import TensorIO

extension ExplainSession {
  /// The candidate's taps, judged and sketched for a page; `nil` where no page is wanted.
  func comparison(
    _ page: PageOptions, _ progress: Progress
  ) throws -> (result: CandidateResult, details: ComparisonDetails?)? {
    guard var watcher = page.watcher(numCandidates: 1, dimensions: bench.model.dimensions) else {
      return nil
    }
    let candidate = try shownCandidate()
    let selection =
      try candidate.availableTaps.map { TapSelection.globs(Array($0)) }
      ?? bench.selection(command.taps.taps)
    let reference = ReferenceBackend(
      program: bench.model.program, weights: bench.model.weights, threads: bench.threads)
    let found = try EncoderComparison(
      reference: LiveCandidate(reference), judge: bench.judge(), candidates: [candidate],
      selection: selection
    ).run(
      mel: mel, progress: progress.show, introduced: { watcher.see($0, introduced: $1) },
      sink: { watcher.see($0, $1, $2) })
    watcher.finishWindow(found.verdict)
    progress.clear()
    guard let result = found.candidates.first else { return nil }
    return (result, try watcher.details())
  }

  /// The dump, or the backend, that is explained.
  private func shownCandidate() throws -> any Candidate {
    if command.backend != nil { return try live() }
    let path = command.files[0]
    if let own = try loneMel(openTensorSource(path)) {
      return DumpCandidate(
        name: path, program: bench.model.program, available: ["mel"], read: { _ in own })
    }
    return candidate(
      try ForeignDump(path, mapping: command.mapping, bench: bench).aligned(mel: mel), name: path)
  }

  /// An aligned dump as a candidate.
  func candidate(_ aligned: AlignedDump, name: String) -> DumpCandidate {
    DumpCandidate(
      name: name, program: bench.model.program, available: Set(aligned.tapNames),
      isGivenMel: input.isMel(of: aligned.source.metadata), read: { try aligned.tensor($0) })
  }
}
