/// Cuts a waveform into the windows that an encoder sees.

/// Which windows of the audio are looked at: `--window N` or `--window all`.
package enum WindowSelection: Sendable, Hashable {
  case index(Int)
  case all

  /// Reads a number from 0 or `all`; `nil` for anything else.
  package init?(parsing text: String) {
    if text == "all" {
      self = .all
    } else if let index = Int(text), index >= 0 {
      self = .index(index)
    } else {
      return nil
    }
  }
}

extension Waveform {
  /// How many windows of `windowSamples` cover the audio; at least 1.
  package func windowCount(windowSamples: Int) -> Int {
    precondition(windowSamples > 0)
    return max(1, (samples.count + windowSamples - 1) / windowSamples)
  }

  /// The indices that `selection` means.
  /// - Throws: `AudioError.noSuchWindow`.
  package func windowIndices(
    _ selection: WindowSelection, windowSamples: Int
  ) throws(AudioError) -> [Int] {
    let count = windowCount(windowSamples: windowSamples)
    switch selection {
    case .all: return Array(0..<count)
    case .index(let index):
      guard 0..<count ~= index else { throw .noSuchWindow(index, count: count) }
      return [index]
    }
  }

  /// Consecutive windows of exactly `windowSamples`; the last is padded with zeros at its end.
  package func windows(of windowSamples: Int) -> [Waveform] {
    (0..<windowCount(windowSamples: windowSamples)).map {
      window($0, windowSamples: windowSamples)
    }
  }

  /// One window, trimmed or padded with zeros at its end; silence where the audio has ended.
  package func window(_ index: Int, windowSamples: Int) -> Waveform {
    let start = min(index * windowSamples, samples.count)
    let end = min(start + windowSamples, samples.count)
    var cut = Array(samples[start..<end])
    cut.append(contentsOf: repeatElement(0, count: windowSamples - cut.count))
    return Waveform(
      samples: cut, sampleRateHz: sampleRateHz, sourceDescription: sourceDescription)
  }
}
