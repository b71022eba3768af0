import AudioFrontEnd
import EncoderModel
import Report
import TensorCore
import TensorIO

/// What the encoders are given: audio through the front-end, or a ready mel.
struct EncoderInput {
  /// The file's samples; `nil` for a ready mel.
  let waveform: Waveform?
  let context: FrontEndContext
  /// Windows that are compared, and their mels `[frames, mels]`, Float32.
  let windows: [(index: Int, mel: Tensor)]
  let numWindows: Int
  let path: String
  private let description: String

  /// Reads what the options name.
  /// - Throws: `UsageError`, `AudioError`, `TensorIOError`.
  init(_ options: InputOptions, dimensions: WhisperDimensions) throws {
    try self.init(
      audio: options.audio, melFile: options.mel, window: options.window, dimensions: dimensions)
  }

  /// Reads an audio file or a mel; `window` is a number or `all`.
  /// - Throws: `UsageError`, `AudioError`, `TensorIOError`.
  init(
    audio: String?, melFile: String?, window: String = "0", dimensions: WhisperDimensions
  ) throws {
    context = FrontEndContext(
      numAudioContext: dimensions.numAudioContext, numMels: dimensions.numMels)
    switch (audio, melFile) {
    case (nil, nil):
      throw UsageError("name an audio file or --mel FILE; see 'encoder-diff --help'")
    case (_?, _?):
      throw UsageError("give either an audio file or --mel, not both")
    case (let audio?, nil):
      guard let selection = WindowSelection(parsing: window) else {
        throw UsageError("--window takes a number from 0 or 'all', not '\(window)'")
      }
      let decoded = try AudioDecoder.decode(path: audio, keepingNative: true)
      let indices = try decoded.windowIndices(selection, windowSamples: context.numSamples)
      let context = context
      windows = try indices.map { index in
        let mel = try LogMelSpectrogram.compute(decoded, windowIndex: index, context: context)
        return (index, mel.converted(to: .float32))
      }
      numWindows = decoded.windowCount(windowSamples: context.numSamples)
      waveform = decoded
      path = audio
      description =
        "\(decoded.sourceDescription), \(Numbers.fixed(decoded.durationSeconds, decimals: 2)) s"
    case (nil, let file?):
      let mel = try Self.readMel(file, context: context)
      windows = [(0, mel)]
      numWindows = 1
      waveform = nil
      path = file
      description = "\(file) (log-mel \(mel.shape[0]) × \(mel.shape[1]))"
    }
  }

  /// A mel `[frames, mels]` that is at hand; `path` is where it came from.
  init(mel: Tensor, path: String, dimensions: WhisperDimensions) {
    context = FrontEndContext(
      numAudioContext: dimensions.numAudioContext, numMels: dimensions.numMels)
    windows = [(0, mel)]
    numWindows = 1
    waveform = nil
    self.path = path
    description = "\(path) (log-mel \(mel.shape[0]) × \(mel.shape[1]))"
  }

  /// Whether a dump that shows no mel was made from this very one: it was handed to both, or the dump
  /// says so.
  func isMel(of metadata: [String: String]) -> Bool {
    waveform == nil || metadata["melHash"] == identity.hash
  }

  var identity: InputIdentity {
    var hash = fnv1a([])
    for window in windows {
      hash ^= window.mel.withUnsafeBytes { fnv1a($0) } &+ UInt64(window.index)
    }
    return InputIdentity(
      kind: waveform == nil ? "mel" : "audio", path: path, description: description.printable,
      durationSeconds: waveform?.durationSeconds, numWindows: numWindows,
      hash: String(hash, radix: 16))
  }

  /// The mel that a faulty front-end makes of one window.
  /// - Throws: `UsageError` where there is no audio to start from.
  func mel(window: Int, options: FrontEndOptions) throws -> Tensor {
    guard let waveform else {
      throw UsageError("front-end faults need the audio itself: give an audio file, not --mel")
    }
    return try FrontEndRunner(waveform, windowIndex: window, context: context).mel(options)
      .converted(to: .float32)
  }

  /// A mel from a file: the tensor `mel`, or the only one; channels first is turned over.
  private static func readMel(_ path: String, context: FrontEndContext) throws -> Tensor {
    let source = try openTensorSource(path)
    let names = source.names
    guard let name = names.contains("mel") ? "mel" : names.count == 1 ? names[0] : nil else {
      throw UsageError(
        "\(path): holds \(names.count) tensors and none is called 'mel'; give a file with one tensor"
      )
    }
    let read = try source.tensor(name)
    guard read.scalarType.isFloatingPoint else {
      throw UsageError(
        "\(path): the mel has element type \(read.scalarType); floating point is needed")
    }
    let tensor = read.converted(to: .float32)
    let shape = Array(tensor.shape.drop { $0 == 1 })
    let wanted = [context.numFrames, context.numMels]
    if shape == wanted { return tensor.reshaped(wanted) }
    guard shape == wanted.reversed() else {
      throw UsageError(
        "\(path): the mel is \(tensor.shape), but the model takes \(wanted) (or its transpose)")
    }
    return tensor.withFloat32 { values in
      Tensor.float32(wanted) { target in
        for frame in 0..<wanted[0] {
          for band in 0..<wanted[1] {
            target[frame * wanted[1] + band] = values[band * wanted[0] + frame]
          }
        }
      }
    }
  }
}
