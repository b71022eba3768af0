import EncoderModel
import ForeignDumps
import TensorCore
import TensorIO

/// Another implementation's dump, to be aligned with the reference over the same mel.
struct ForeignDump {
  let source: any TensorSource
  private let mapping: DumpMapping?
  private let bench: Workbench

  init(_ path: String, mapping: String? = nil, bench: Workbench) throws {
    source = try openTensorSource(path)
    self.mapping = try mapping.map { try DumpMapping(contentsOf: $0) }
    self.bench = bench
  }

  /// The mel of the input that the options name, else the dump's own; `nil` where there is neither.
  /// - Throws: `UsageError` for more than one window.
  func mel(_ options: InputOptions) throws -> Tensor? {
    guard options.audio != nil || options.mel != nil else {
      return try DumpAligner(program: bench.model.program, mapping: mapping).align(source)
        .tensor("mel")
    }
    let input = try EncoderInput(options, dimensions: bench.model.dimensions)
    guard let window = input.windows.first, input.windows.count == 1 else {
      throw UsageError("a dump holds one window; give --window N, not 'all'")
    }
    return window.mel
  }

  /// The dump with its taps found: by names and shapes, and by values where there is a mel to run
  /// the reference over.
  func aligned(mel: Tensor?, progress: Progress? = nil) throws -> AlignedDump {
    let program = bench.model.program
    let samples = try mel.map { try referenceSamples($0, progress) } ?? ReferenceSamples()
    return try DumpAligner(program: program, reference: samples, mapping: mapping).align(source)
  }

  /// Samples of every tap that some tensor of the dump is large enough to be.
  private func referenceSamples(_ mel: Tensor, _ progress: Progress?) throws -> ReferenceSamples {
    let largest = try source.names.map { try source.info($0).shape.reduce(1, &*) }.max() ?? 0
    return try bench.referenceSamples(mel, upTo: largest, progress)
  }
}
