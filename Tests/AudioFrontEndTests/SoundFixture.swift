/// Writes small audio files with libsndfile itself, and keeps them in a temporary folder.
import CSndfile
import Foundation

/// A folder that goes away with the value's last reference.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "audio-front-end-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// Writes `bytes` and answers the file's path.
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }
}

func fileBytes(_ path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// A container and its encoding, with the error that it may make.
struct SoundFormat: Sendable, CustomStringConvertible {
  let name: String
  let container: Int
  let encoding: Int
  /// Largest difference of a decoded sample, from the encoding's step; nil where it is lossy.
  let step: Double?

  var description: String { name }
  var code: Int32 { Int32(container | encoding) }

  static let all = [
    SoundFormat(
      name: "wav-u8", container: SF_FORMAT_WAV, encoding: SF_FORMAT_PCM_U8, step: 0x1p-7),
    SoundFormat(
      name: "wav-16", container: SF_FORMAT_WAV, encoding: SF_FORMAT_PCM_16, step: 0x1p-15),
    SoundFormat(
      name: "wav-24", container: SF_FORMAT_WAV, encoding: SF_FORMAT_PCM_24, step: 0x1p-23),
    SoundFormat(
      name: "wav-32", container: SF_FORMAT_WAV, encoding: SF_FORMAT_PCM_32, step: 0x1p-24),
    SoundFormat(name: "wav-float", container: SF_FORMAT_WAV, encoding: SF_FORMAT_FLOAT, step: 0),
    SoundFormat(
      name: "wav-double", container: SF_FORMAT_WAV, encoding: SF_FORMAT_DOUBLE, step: 0),
    SoundFormat(
      name: "wavex-16", container: SF_FORMAT_WAVEX, encoding: SF_FORMAT_PCM_16, step: 0x1p-15),
    SoundFormat(
      name: "aiff-16", container: SF_FORMAT_AIFF, encoding: SF_FORMAT_PCM_16, step: 0x1p-15),
    SoundFormat(
      name: "flac-16", container: SF_FORMAT_FLAC, encoding: SF_FORMAT_PCM_16, step: 0x1p-15),
    SoundFormat(
      name: "flac-24", container: SF_FORMAT_FLAC, encoding: SF_FORMAT_PCM_24, step: 0x1p-23),
    SoundFormat(
      name: "ogg-vorbis", container: SF_FORMAT_OGG, encoding: SF_FORMAT_VORBIS, step: nil),
    SoundFormat(name: "ogg-opus", container: SF_FORMAT_OGG, encoding: SF_FORMAT_OPUS, step: nil),
    SoundFormat(
      name: "mp3", container: SF_FORMAT_MPEG, encoding: SF_FORMAT_MPEG_LAYER_III, step: nil),
  ]

  /// Ordinary 16-bit WAV.
  static let wav16 = all[1]
  static let wavFloat = all[4]
}

struct SoundWritingError: Error {
  let reason: String
}

/// Writes interleaved samples; libsndfile scales them by 32767 for 16 bits.
func writeSound(
  _ path: String, _ samples: [Float], rateHz: Int = 16_000, channels: Int = 1,
  format: SoundFormat = .wav16
) throws {
  try writeSound(path, rateHz: rateHz, channels: channels, format: format, samples.count) {
    sf_writef_float($0, samples, $1)
  }
}

/// Writes 16-bit samples as they are, mono at 16 kHz.
func writeSound(_ path: String, integers: [Int16]) throws {
  try writeSound(path, rateHz: 16_000, channels: 1, format: .wav16, integers.count) {
    sf_writef_short($0, integers, $1)
  }
}

private func writeSound(
  _ path: String, rateHz: Int, channels: Int, format: SoundFormat, _ count: Int,
  write: (OpaquePointer, sf_count_t) -> sf_count_t
) throws {
  var info = SF_INFO()
  info.samplerate = Int32(rateHz)
  info.channels = Int32(channels)
  info.format = format.code
  guard let handle = sf_open(path, Int32(SFM_WRITE), &info) else {
    throw SoundWritingError(reason: String(cString: sf_strerror(nil)))
  }
  let written = write(handle, sf_count_t(count / channels))
  sf_close(handle)
  guard Int(written) == count / channels else {
    throw SoundWritingError(reason: "wrote \(written) frames")
  }
}
