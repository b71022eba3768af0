/// libsoxr as a stream: blocks of one channel in, blocks at another rate out.
import CSoxr

/// A band-limited resampler in one thread, whose output does not depend on the block size.
///
/// Not `Sendable`: it lives inside one function.
final class StreamResampler {
  /// libsoxr's quality recipes.
  enum Quality {
    /// 28 bits: what this tool uses.
    case veryHigh
    /// 20 bits: what `librosa.load` uses by default.
    case high

    fileprivate var recipe: UInt {
      switch self {
      case .veryHigh: UInt(SOXR_28_BITQ)
      case .high: UInt(SOXR_20_BITQ)
      }
    }
  }

  private let handle: soxr_t
  private let ratio: Double

  init(fromHz: Int, toHz: Int, quality: Quality) throws(AudioError) {
    var failure: soxr_error_t?
    var spec = soxr_quality_spec(quality.recipe, 0)
    var format = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I)
    var threads = soxr_runtime_spec(1)
    let created = soxr_create(
      Double(fromHz), Double(toHz), 1, &failure, &format, &spec, &threads)
    guard let created else {
      throw .resampling(reason: failure.map { String(cString: $0) } ?? "out of memory")
    }
    handle = created
    ratio = Double(toHz) / Double(fromHz)
  }

  deinit { soxr_delete(handle) }

  /// Resamples `input` and appends what is ready.
  func process(_ input: [Float], appendingTo output: inout [Float]) throws(AudioError) {
    try input.withUnsafeBufferPointer { (buffer) throws(AudioError) in
      try drain(UnsafeRawPointer(buffer.baseAddress), count: buffer.count, &output)
    }
  }

  /// Appends what is still inside; nothing may be processed after it.
  func finish(appendingTo output: inout [Float]) throws(AudioError) {
    try drain(nil, count: 0, &output)
  }

  /// Feeds `count` samples, or the end of input where there are none.
  private func drain(
    _ input: UnsafeRawPointer?, count: Int, _ output: inout [Float]
  ) throws(AudioError) {
    var block = [Float](repeating: 0, count: max(4096, Int(Double(count) * ratio) + 1))
    var consumed = 0
    while true {
      var used = 0
      var produced = 0
      let failure = block.withUnsafeMutableBytes {
        soxr_process(
          handle, input.map { $0 + consumed * 4 }, count - consumed, &used, $0.baseAddress,
          $0.count / 4, &produced)
      }
      if let failure { throw .resampling(reason: String(cString: failure)) }
      consumed += used
      output.append(contentsOf: block[..<produced])
      if produced == 0 && (consumed == count || used == 0) { return }
    }
  }
}
