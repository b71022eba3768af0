import EncoderModel
import Parity
import TensorCore

extension ValueClue {
  /// Where in the tensor the error lies, unless everywhere.
  static func place(at tap: String, in search: SpanSearch) -> String? {
    guard let own = search.shelf.tensor(tap), let id = search.sound[tap],
      let y = try? search.graph.value(id), own.elementCount == y.elementCount,
      let node = search.context.program.node(named: tap)
    else { return nil }
    guard let place = ErrorPlace(own, y) else { return nil }
    let input = node.inputs.first.flatMap(search.shelf.tensor)
    return place.text(numHeads: node.numHeads) + place.remark(own, input: input)
  }
}

/// Where in a tensor an error lies: the channels and the frames that hold it all but rounding.
struct ErrorPlace {
  /// Share of Σe² that the others may hold.
  private static let rest = 1e-6

  /// The fewest channels that hold all but `rest`, in order; `nil` where they are more than half.
  let channels: [Int]?
  /// The same for frames.
  let frames: [Int]?
  private let width: Int
  private let numFrames: Int

  /// `nil` where the error lies everywhere.
  init?(_ x: Tensor, _ y: Tensor) {
    let width = max(x.innerExtent, 1)
    let numFrames = x.elementCount / width
    var byChannel = [Double](repeating: 0, count: width)
    var byFrame = [Double](repeating: 0, count: numFrames)
    x.withFloat64 { x in
      y.withFloat64 { y in
        for i in 0..<x.count {
          let d = x[i] - y[i]
          let e = d.isFinite ? d * d : 0
          byChannel[i % width] += e
          byFrame[i / width] += e
        }
      }
    }
    self.width = width
    self.numFrames = numFrames
    channels = Self.fewest(byChannel)
    frames = Self.fewest(byFrame)
    if channels == nil && frames == nil { return nil }
  }

  private static func fewest(_ energy: [Double]) -> [Int]? {
    let total = energy.reduce(0, +)
    guard total > 0 else { return nil }
    var places: [Int] = []
    var held = 0.0
    for index in energy.indices.sorted(by: { energy[$0] > energy[$1] }) {
      if held >= (1 - rest) * total { break }
      held += energy[index]
      places.append(index)
    }
    return places.count * 2 <= energy.count ? places.sorted() : nil
  }

  /// `wrong in channels 64–127 (head 1) alone`.
  func text(numHeads: Int?) -> String {
    let parts = [
      channels.map { Self.subject($0, of: width, "channel") + head($0, numHeads) },
      frames.map { Self.subject($0, of: numFrames, "frame") },
    ].compactMap { $0 }
    return "wrong in \(parts.joined(separator: " of ")) alone"
  }

  private static func subject(_ places: [Int], of count: Int, _ noun: String) -> String {
    guard let first = places.first, let last = places.last else { return "" }
    if first == last { return "\(noun) \(first)" }
    return last - first + 1 == places.count
      ? "\(noun)s \(first)–\(last)" : "\(places.count) of \(count) \(noun)s (\(first) … \(last))"
  }

  /// ` (head 1)` where the channels lie in one head.
  private func head(_ channels: [Int], _ numHeads: Int?) -> String {
    guard let numHeads, width % numHeads == 0, let first = channels.first,
      let last = channels.last
    else { return "" }
    let depth = width / numHeads
    return first / depth == last / depth ? " (head \(first / depth))" : ""
  }

  /// What stands there instead: zeros, the operation's input, or other channels.
  func remark(_ x: Tensor, input: Tensor?) -> String {
    func isThere(_ value: (Int, Int) -> Double?) -> Bool {
      x.withFloat64 { x in
        (frames ?? Array(0..<numFrames)).allSatisfy { frame in
          (channels ?? Array(0..<width)).allSatisfy { channel in
            value(frame, channel) == x[frame * width + channel]
          }
        }
      }
    }
    if isThere({ _, _ in 0 }) { return ", where it is zero" }
    if let input, input.shape == x.shape,
      input.withFloat64({ i in isThere { i[$0 * width + $1] } })
    {
      return ", where it is the operation's input as it stands"
    }
    guard let channels, let first = channels.first, channels.count < width,
      channels.last == first + channels.count - 1
    else { return "" }
    for other in stride(from: first % channels.count, to: width, by: channels.count)
    where other != first && other + channels.count <= width {
      if x.withFloat64({ x in isThere { x[$0 * width + $1 - first + other] } }) {
        return ", where channels \(other)–\(other + channels.count - 1) stand again"
      }
    }
    return ""
  }
}
