import TensorCore

/// Whether two mels may be of the same sound.
enum SoundLikeness {
  /// Correlation of two mels over the frames in which there is something to hear, each band's mean taken
  /// off; what front-ends differ in leaves most of it, while another sound's frames are unrelated.
  /// - Returns: `nil` for other extents, or where one does not vary.
  static func correlation(_ a: Tensor, _ b: Tensor) -> Double? {
    guard a.shape == b.shape, a.shape.count == 2 else { return nil }
    let (frames, bands) = (a.shape[0], a.shape[1])
    return a.withFloat64 { a in
      b.withFloat64 { b in
        let lowest = [a.min() ?? 0, b.min() ?? 0]
        let heard = (0..<frames).filter { frame in
          let row = (frame * bands)..<((frame + 1) * bands)
          return row.contains { a[$0] > lowest[0] + 0.1 }
            && row.contains { b[$0] > lowest[1] + 0.1 }
        }
        var (products, first, second) = (0.0, 0.0, 0.0)
        for band in 0..<bands {
          let x = heard.map { a[$0 * bands + band] }
          let y = heard.map { b[$0 * bands + band] }
          let means = (x.reduce(0, +), y.reduce(0, +))
          let count = Double(max(heard.count, 1))
          for (x, y) in zip(x, y) {
            let (dx, dy) = (x - means.0 / count, y - means.1 / count)
            products += dx * dy
            first += dx * dx
            second += dy * dy
          }
        }
        guard first > 0, second > 0 else { return nil }
        return products / (first * second).squareRoot()
      }
    }
  }

  /// What to tell the reader of a mel that nothing explains; `nil` where it follows the sound.
  static func clue(_ own: Tensor, _ sound: Tensor) -> String? {
    guard let correlation = correlation(own, sound), correlation < 0.5 else { return nil }
    let figure = (correlation * 100).rounded() / 100
    return
      "its frames do not follow this sound (correlation \(figure)): was it made from other audio?"
  }
}
