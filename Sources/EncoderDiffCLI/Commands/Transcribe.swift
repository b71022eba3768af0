import ArgumentParser
import Diagnosis
import EncoderModel
import Report
import TensorCore
import Transcription

/// `encoder-diff transcribe AUDIO`: the text that each encoder leads to, through one decoder.
struct Transcribe: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare the texts that encoders lead to, and how close each came to another text.",
    discussion: """
      One decoder reads every encoder's output, so only the encoders differ. The first backend is \
      the control: it goes through the same windows and the same decoder.

      Examples:
        encoder-diff transcribe speech.flac --window all
        encoder-diff transcribe speech.flac --reference-text "two nine three six"
        encoder-diff transcribe speech.flac --model whisper-tiny/ --beam 5 -v
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var backends: BackendOptions
  @OptionGroup var transcript: TranscriptOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let bench = try Workbench(model, threads: backends.threads)
    let transcriber = try Transcriber(
      model: bench.model, options: transcript.options, tokenizerPath: transcript.tokenizer)
    let injection = try Injection(backends.inject, program: bench.model.program)
    let sides = try Sides(backends.backends, injection: injection, bench: bench)
    let source = try EncoderInput(input, dimensions: bench.model.dimensions)
    let outputs = try encode(source, sides, bench.model.program)
    let comparison = try output.log.timed("decode") {
      try outputs.compare(with: transcriber, referenceText: transcript.referenceText)
    }
    let report = TranscribeReport(
      model: bench.identity, input: source.identity, windows: source.windows.map(\.index),
      transcript: comparison)
    output.print(report.lines(output.canvas, isQuiet: output.quiet))
    try output.write(json: report.json)
    try (comparison.comparison.isSameText ? Outcome.parity : .divergence).leave()
  }

  /// Runs every encoder over every window.
  private func encode(
    _ source: EncoderInput, _ sides: Sides, _ program: EncoderProgram
  ) throws -> EncoderOutputs {
    let progress = Progress(isQuiet: output.quiet)
    defer { progress.clear() }
    var outputs = EncoderOutputs(reference: sides.reference.name)
    for (number, window) in source.windows.enumerated() {
      let done = Double(number) / Double(source.windows.count)
      progress.show("window \(window.index)", done)
      let candidates = try sides.candidates(window: window.index, input: source)
      func encoded(_ side: any Candidate) throws -> Tensor? {
        try output.log.timed("encode", about: ["side": side.name, "window": "\(window.index)"]) {
          try side.encode(window.mel, program: program)
        }
      }
      try outputs.add(
        reference: encoded(sides.reference),
        candidates: candidates.map { ($0.name, $0.faults, try encoded($0)) })
    }
    return outputs
  }
}

extension Candidate {
  /// The encoder's output, without a look at any tap.
  fileprivate func encode(_ mel: Tensor, program: EncoderProgram) throws -> Tensor? {
    var value: Tensor? = mel
    for stage in program.stages {
      value = try taps(of: stage, input: value, observing: []).output
    }
    return value
  }
}
