import EncoderModel

extension TapLayout {
  /// Every way in which a tensor of `shape` can hold the tap that `node` defines, natural ones first.
  /// - `numHeads`: heads that channels may be split into.
  /// - `part`: 0, 1, 2 for query, key, value; allows fused projections.
  static func candidates(
    _ shape: [Int], for node: ProgramNode, numHeads: Int, part: Int? = nil
  ) -> [TapLayout] {
    let extents = shape.filter { $0 != 1 }
    let generator =
      node.isAttentionMap
      ? CandidateGenerator(
        extents, heads: node.shape[0], frames: node.shape[1], inner: node.shape[2], part: nil)
      : CandidateGenerator(
        extents, heads: numHeads, frames: node.shape[0], inner: node.shape[1], part: part)
    var seen: Set<[Int]> = []
    let all = node.isAttentionMap ? generator.maps() : generator.activations()
    return all.filter { layout in
      // Different names for the same bytes: the first is kept.
      seen.insert(layout.strides + [layout.offset]).inserted
    }
  }
}

/// Matches a shape against the axis orders that engines use.
private struct CandidateGenerator {
  let extents: [Int]
  let heads: Int
  let frames: Int
  let inner: Int
  let part: Int?

  init(_ extents: [Int], heads: Int, frames: Int, inner: Int, part: Int?) {
    self.extents = extents
    self.heads = heads
    self.frames = frames
    self.inner = inner
    self.part = part
  }

  /// Roles of axes. Frames may be padded behind.
  private enum Axis {
    case batch, frames, channels, heads, headDim, queries, keys
    case three, fused, fusedByHead, headFused
  }

  func activations() -> [TapLayout] {
    var patterns: [(String, [Axis])] = [
      ("frames-first", [.frames, .channels]), ("channels-first", [.channels, .frames]),
    ]
    if inner % heads == 0, heads > 1 {
      patterns += [
        ("heads-first", [.heads, .frames, .headDim]),
        ("frames-heads", [.frames, .heads, .headDim]),
        ("heads-first-transposed", [.heads, .headDim, .frames]),
        ("channel-major-heads", [.frames, .headDim, .heads]),
      ]
    }
    if part != nil {
      patterns += [
        ("fused", [.frames, .fused]), ("fused-channels-first", [.fused, .frames]),
        ("fused-axis", [.frames, .three, .channels]), ("stacked", [.three, .frames, .channels]),
        ("stacked-heads", [.three, .heads, .frames, .headDim]),
        ("fused-axis-heads", [.frames, .three, .heads, .headDim]),
        ("fused-in-heads", [.frames, .heads, .headFused]),
        ("fused-by-head", [.frames, .fusedByHead]),
        ("fused-by-head-channels-first", [.fusedByHead, .frames]),
        ("fused-by-head-axes", [.frames, .heads, .three, .headDim]),
      ]
    }
    var result = patterns.compactMap { layout($0.0, $0.1) }
    // ggml lists extents innermost first.
    result +=
      layout("extents-reversed", [.frames, .channels], of: extents.reversed()).map { [$0] } ?? []
    result += patterns.compactMap { layout($0.0, [.batch] + $0.1) }
    if extents.count == 1, extents[0] == frames * inner {
      result += layout("flat", [.frames, .channels], of: [frames, inner]).map { [$0] } ?? []
      result +=
        layout("flat-channels-first", [.channels, .frames], of: [inner, frames]).map { [$0] } ?? []
    }
    return result + result.prefix(2).map(framesReversed)
  }

  func maps() -> [TapLayout] {
    let patterns: [(String, [Axis])] =
      heads == 1
      ? [("maps", [.queries, .keys]), ("maps-transposed", [.keys, .queries])]
      : [
        ("maps", [.heads, .queries, .keys]), ("maps-transposed", [.heads, .keys, .queries]),
        ("queries-first", [.queries, .heads, .keys]), ("heads-last", [.queries, .keys, .heads]),
      ]
    return patterns.compactMap { layout($0.0, $0.1) }
      + patterns.compactMap { layout($0.0, [.batch] + $0.1) }
  }

  /// The layout of axes `pattern` in a tensor of `shape`, if the extents fit.
  private func layout(_ name: String, _ pattern: [Axis], of shape: [Int]? = nil) -> TapLayout? {
    let shape = shape ?? extents
    guard shape.count == pattern.count else { return nil }
    var stride = 1
    var strides: [Axis: Int] = [:]
    var notes: [String] = []
    for (axis, extent) in zip(pattern, shape).reversed() {
      guard fits(extent, axis) else { return nil }
      strides[axis] = stride
      if [.frames, .queries, .keys].contains(axis), extent > frames {
        notes.append("\(extent) frames: the first \(frames) taken, padding dropped")
      }
      if axis == .batch { notes.append("batch of \(extent): the first taken") }
      stride *= extent
    }
    return make(name, strides, notes.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
  }

  private func fits(_ extent: Int, _ axis: Axis) -> Bool {
    switch axis {
    case .batch: extent > 1
    case .frames, .queries, .keys: extent == frames || isPadded(extent)
    case .channels: extent == inner
    case .heads: extent == heads
    case .headDim: extent == inner / heads
    case .fused, .fusedByHead: extent == 3 * inner
    case .three: extent == 3
    case .headFused: extent == 3 * (inner / heads)
    }
  }

  /// Padding behind the last frame, up to the next multiple of 128 as kernels like it.
  private func isPadded(_ extent: Int) -> Bool {
    // Twice the frames is a stride left out, not padding.
    extent > frames && extent <= (frames + 127) / 128 * 128 && extent != 2 * frames
  }

  private func make(_ name: String, _ strides: [Axis: Int], _ notes: [String]) -> TapLayout {
    var notes = notes
    if let description = descriptions[name] { notes.insert(description, at: 0) }
    if let queries = strides[.queries], let keys = strides[.keys] {
      return TapLayout(
        name: name, extents: [heads, frames, frames],
        strides: [strides[.heads] ?? 0, queries, keys],
        offset: 0, notes: notes)
    }
    let part = part ?? 0
    let headDim = heads > 0 && inner % heads == 0 ? inner / heads : inner
    let numHeads = inner / headDim
    var offset = 0
    var head = 0
    var within = 1
    if let channels = strides[.channels] {
      (head, within) = (headDim * channels, channels)
      offset = part * (strides[.three] ?? 0)
    } else if let fused = strides[.fused] {
      (head, within, offset) = (headDim * fused, fused, part * inner * fused)
    } else if let fused = strides[.fusedByHead] {
      (head, within, offset) = (3 * headDim * fused, fused, part * headDim * fused)
    } else if let headFused = strides[.headFused] {
      (head, within, offset) = (strides[.heads] ?? 0, headFused, part * headDim * headFused)
    } else {
      (head, within) = (strides[.heads] ?? 0, strides[.headDim] ?? 1)
      offset = part * (strides[.three] ?? 0)
    }
    return TapLayout(
      name: name, extents: [frames, numHeads, headDim],
      strides: [strides[.frames] ?? 0, head, within], offset: offset, notes: notes)
  }

  /// The same with time running backwards.
  private func framesReversed(_ layout: TapLayout) -> TapLayout {
    TapLayout(
      name: layout.name + "-reversed", extents: layout.extents,
      strides: [-layout.strides[0]] + layout.strides[1...],
      offset: layout.offset + (frames - 1) * layout.strides[0],
      notes: layout.notes + ["frames from last to first"])
  }
}

/// What a layout means to a reader.
private let descriptions = [
  "channels-first": "channels first: transposed", "heads-first": "split heads merged",
  "heads-first-transposed": "split heads [heads, headDim, frames] merged",
  "channel-major-heads": "heads innermost: reordered", "fused": "part of a fused QKV",
  "fused-channels-first": "part of a fused QKV, channels first",
  "fused-axis": "part of a fused QKV", "stacked": "part of a stacked QKV",
  "stacked-heads": "part of a stacked QKV with split heads",
  "fused-axis-heads": "part of a fused QKV with split heads",
  "fused-in-heads": "part of a QKV fused within each head",
  "fused-by-head": "part of a QKV fused within each head",
  "fused-by-head-channels-first": "part of a QKV fused within each head, channels first",
  "fused-by-head-axes": "part of a QKV fused within each head",
  "extents-reversed": "extents listed innermost first", "flat": "flat: reshaped",
  "flat-channels-first": "flat, channels first: transposed",
  "maps-transposed": "keys × queries: transposed",
  "queries-first": "[queries, heads, keys]: reordered",
  "heads-last": "[queries, keys, heads]: reordered",
]
