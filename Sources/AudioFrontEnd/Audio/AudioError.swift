/// What can be wrong with an audio file: one clear line for each cause.
package enum AudioError: Error, Equatable, CustomStringConvertible {
  case notFound(String)
  case isDirectory(String)
  case unreadable(String, reason: String)
  case empty(String)
  case tooLarge(String, limitBytes: Int)
  /// Not a format that libsndfile knows; `reason` is its own word for it.
  case notAudio(String, reason: String)
  /// Fewer bytes or samples than the header promises.
  case truncated(String, expected: Int, found: Int, unit: String)
  case noSamples(String)
  /// `frame` counts from 0 at the file's own rate.
  case nonFiniteSample(String, value: String, frame: Int, channel: Int)
  case implausibleChannels(String, Int)
  case implausibleRate(String, hertz: Int)
  case tooLong(String, limitHours: Int)
  case decoding(String, reason: String)
  case resampling(reason: String)
  case noSuchWindow(Int, count: Int)

  package var description: String {
    switch self {
    case .notFound(let name): "\(name): no such file; check the path"
    case .isDirectory(let name): "\(name): is a folder where an audio file was expected"
    case .unreadable(let name, let reason): "\(name): cannot be read: \(reason)"
    case .empty(let name): "\(name): the file is empty (0 bytes) where audio was expected"
    case .tooLarge(let name, let limit):
      "\(name): more than \(limit >> 30) GiB; cut the part of interest out of it first"
    case .notAudio(let name, let reason):
      "\(name): not an audio file that libsndfile can read (\(reason)); "
        + "give WAV, FLAC, MP3, Ogg or Opus"
    case .truncated(let name, let expected, let found, let unit):
      "\(name): truncated: its header promises \(expected) \(unit), but only \(found) are there; "
        + "copy or download it again"
    case .noSamples(let name): "\(name): holds 0 samples; nothing can be compared on silence of 0 s"
    case .nonFiniteSample(let name, let value, let frame, let channel):
      "\(name): sample \(frame) of channel \(channel) is \(value); "
        + "samples must be finite: repair the file"
    case .implausibleChannels(let name, let count):
      "\(name): claims \(count) channels; 1 to \(AudioLimits.maximumChannels) are accepted"
    case .implausibleRate(let name, let hertz):
      "\(name): claims a rate of \(hertz) Hz; \(AudioLimits.ratesHz.lowerBound) to "
        + "\(AudioLimits.ratesHz.upperBound) Hz are accepted"
    case .tooLong(let name, let hours):
      "\(name): longer than \(hours) hours; cut the part of interest out of it first"
    case .decoding(let name, let reason):
      "\(name): decoding failed (\(reason)); the file is damaged: copy or download it again"
    case .resampling(let reason): "resampling failed: \(reason)"
    case .noSuchWindow(let index, let count):
      "there is no window \(index): the audio has \(count) window\(count == 1 ? "" : "s"), "
        + "counted from 0"
    }
  }
}

/// What is still believed of a file; beyond that it is refused before memory is taken.
package enum AudioLimits {
  /// Whisper's own rate, to which everything is resampled.
  package static let modelRateHz = 16_000
  package static let maximumChannels = 64
  package static let ratesHz = 1_000...768_000
  package static let maximumBytes = 4 << 30
  package static let maximumHours = 12
}
