/// libsndfile over bytes in memory: format, rate, channels and blocks of interleaved samples.
import CSndfile

/// An open audio file of any format that libsndfile reads.
///
/// Not `Sendable`: it is opened, read and closed in one function.
final class SoundFile {
  let name: String
  let rateHz: Int
  let numChannels: Int
  /// Sample frames that the header promises; an estimate for some MP3s.
  let numFrames: Int
  let format: Int32
  private let handle: OpaquePointer
  private let cursor: Cursor

  /// The reading position that libsndfile's callbacks share.
  final class Cursor {
    let bytes: [UInt8]
    var offset = 0
    init(_ bytes: [UInt8]) { self.bytes = bytes }
  }

  /// - Throws: `AudioError.notAudio`, or an implausible channel count or rate.
  init(_ source: AudioBytes) throws(AudioError) {
    name = source.name
    cursor = Cursor(source.bytes)
    var callbacks = SF_VIRTUAL_IO(
      get_filelen: { sf_count_t(cursorOf($0).bytes.count) }, seek: seekBytes, read: readBytes,
      write: { _, _, _ in 0 }, tell: { sf_count_t(cursorOf($0).offset) })
    var info = SF_INFO()
    let opened = sf_open_virtual(
      &callbacks, Int32(SFM_READ), &info, Unmanaged.passUnretained(cursor).toOpaque())
    guard let opened else {
      throw .notAudio(source.name, reason: SoundFile.reason(nil))
    }
    handle = opened
    rateHz = Int(info.samplerate)
    numChannels = Int(info.channels)
    numFrames = Int(clamping: info.frames)
    format = info.format
    guard 1...AudioLimits.maximumChannels ~= numChannels else {
      throw .implausibleChannels(name, numChannels)
    }
    guard AudioLimits.ratesHz ~= rateHz else {
      throw .implausibleRate(name, hertz: rateHz)
    }
  }

  deinit { sf_close(handle) }

  /// Whether the header's length is only an estimate.
  var isLengthEstimated: Bool {
    format & Int32(SF_FORMAT_TYPEMASK) == Int32(SF_FORMAT_MPEG)
  }

  /// `WAV (Microsoft), Signed 16 bit PCM, 16000 Hz, 1 channel`.
  var formatDescription: String {
    let major = Self.formatName(format & Int32(SF_FORMAT_TYPEMASK))
    let minor = Self.formatName(format & Int32(SF_FORMAT_SUBMASK))
    let channels = "\(numChannels) channel\(numChannels == 1 ? "" : "s")"
    return "\(major), \(minor), \(rateHz) Hz, \(channels)"
  }

  /// Reads the next frames, interleaved; fewer than `block` holds only at the end.
  /// - Returns: how many frames were read.
  func read(into block: inout [Float]) throws(AudioError) -> Int {
    let wanted = block.count / numChannels
    let count = block.withUnsafeMutableBufferPointer {
      sf_readf_float(handle, $0.baseAddress, sf_count_t(wanted))
    }
    if count < wanted && sf_error(handle) != SF_ERR_NO_ERROR {
      throw .decoding(name, reason: Self.reason(handle))
    }
    return Int(count)
  }

  private static func reason(_ handle: OpaquePointer?) -> String {
    let text = sf_strerror(handle).map { String(cString: $0) } ?? "unknown reason"
    var line = text.replacing("\n", with: " ")
    while line.hasSuffix(".") || line.hasSuffix(" ") { line.removeLast() }
    return line
  }

  private static func formatName(_ code: Int32) -> String {
    var info = SF_FORMAT_INFO()
    info.format = code
    let size = Int32(MemoryLayout<SF_FORMAT_INFO>.size)
    guard sf_command(nil, Int32(SFC_GET_FORMAT_INFO), &info, size) == 0, let name = info.name else {
      return "unknown"
    }
    return String(cString: name)
  }
}

private func cursorOf(_ pointer: UnsafeMutableRawPointer?) -> SoundFile.Cursor {
  guard let pointer else { preconditionFailure("libsndfile hands back what it was given") }
  return Unmanaged<SoundFile.Cursor>.fromOpaque(pointer).takeUnretainedValue()
}

private func seekBytes(
  offset: sf_count_t, whence: Int32, user: UnsafeMutableRawPointer?
) -> sf_count_t {
  let cursor = cursorOf(user)
  let origin =
    switch whence {
    case Int32(SF_SEEK_CUR): cursor.offset
    case Int32(SF_SEEK_END): cursor.bytes.count
    default: 0
    }
  let (target, overflow) = origin.addingReportingOverflow(Int(offset))
  guard !overflow, target >= 0 else { return -1 }
  cursor.offset = min(target, cursor.bytes.count)
  return sf_count_t(cursor.offset)
}

private func readBytes(
  target: UnsafeMutableRawPointer?, count: sf_count_t, user: UnsafeMutableRawPointer?
) -> sf_count_t {
  let cursor = cursorOf(user)
  let available = max(0, min(Int(count), cursor.bytes.count - cursor.offset))
  guard let target, available > 0 else { return 0 }
  cursor.bytes.withUnsafeBytes {
    if let base = $0.baseAddress {
      target.copyMemory(from: base + cursor.offset, byteCount: available)
    }
  }
  cursor.offset += available
  return sf_count_t(available)
}
