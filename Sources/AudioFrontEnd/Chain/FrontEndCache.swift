/// Remembers the costly stages of the chain, so that options which differ later share them.
import TensorCore

/// A few results by key, the oldest forgotten first.
struct RecentResults<Key: Hashable, Value> {
  private var entries: [(key: Key, value: Value)] = []
  private let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  subscript(key: Key) -> Value? { entries.first { $0.key == key }?.value }

  mutating func insert(_ value: Value, for key: Key) {
    if entries.contains(where: { $0.key == key }) { return }
    if entries.count == capacity { entries.removeFirst() }
    entries.append((key, value))
  }
}

/// What decides the padded signal.
struct SignalKey: Hashable {
  let pcm: PCMOptions
  let extent: Extent
  let padding: AudioPadding
}

/// What decides the spectrum.
struct SpectrumKey: Hashable {
  let pcm: PCMOptions
  let spectrum: SpectrumOptions
  /// `nil` for those of the window.
  let frames: Range<Int>?
}

/// What decides the maximum over the file.
struct FileMaximumKey: Hashable {
  let pcm: PCMOptions
  let spectrum: SpectrumOptions
  let filterbank: FilterbankOptions
  let base: LogBase
  let floor: Double
  let floorKind: FloorKind
}

/// The stages that a runner remembers.
struct FrontEndCache {
  var sources = RecentResults<SignalSource, [Float]>(capacity: 3)
  var signals = RecentResults<SignalKey, [Double]>(capacity: 4)
  var spectra = RecentResults<SpectrumKey, Tensor>(capacity: 4)
  var maxima = RecentResults<FileMaximumKey, Double>(capacity: 16)
}
