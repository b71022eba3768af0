import Diagnosis
import EncoderModel
import Parity
import Report
import TensorCore
import Transcription

/// The encoder outputs of all sides, window by window: what transcripts are made of.
struct EncoderOutputs {
  private var reference: (name: String, windows: [Tensor])
  private var candidates: [(name: String, faults: [String], windows: [Tensor])] = []
  /// Whether a side showed no output in some window, as dumps may.
  private var isIncomplete = false

  init(reference: String) { self.reference = (reference, []) }

  /// Adds one window; the candidates are the same in every window.
  mutating func add(
    reference output: Tensor?, candidates shown: [(name: String, faults: [String], Tensor?)]
  ) {
    if candidates.isEmpty { candidates = shown.map { ($0.name, $0.faults, []) } }
    guard let output, shown.allSatisfy({ $0.2 != nil }) else {
      isIncomplete = true
      return
    }
    reference.windows.append(output)
    for (index, side) in shown.enumerated() {
      if let output = side.2 { candidates[index].windows.append(output) }
    }
  }

  /// Adds what one comparison found.
  mutating func add(_ result: ComparisonResult) {
    add(
      reference: result.referenceOutput,
      candidates: zip(result.candidates, result.outputs).map { ($0.backend, $0.faults, $1) })
  }

  /// Decodes all sides.
  /// - Throws: `TranscriptionError`.
  func compare(
    with transcriber: Transcriber, referenceText: String? = nil
  ) throws(TranscriptionError) -> TranscriptReport {
    let comparison = try transcriber.compare(
      control: reference, candidates: candidates.map { ($0.name, $0.windows) },
      referenceText: referenceText)
    return TranscriptReport(comparison: comparison, faults: candidates.map(\.faults))
  }

  /// The transcript's part of a report about encoders: where there can be none, it says why.
  func section(_ model: WhisperModel) -> TranscriptSection {
    guard !isIncomplete else { return .absent("no transcript: an encoder's output is missing") }
    do {
      return .compared(try compare(with: Transcriber(model: model)))
    } catch .unavailable(let reason) {
      return .absent(reason.description)
    } catch {
      return .absent("no transcript: \(error)")
    }
  }
}
