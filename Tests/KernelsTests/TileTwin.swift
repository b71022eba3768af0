/// What tile registers compute, one element at a time.
///
/// Source: Intel SDM volume 2, TDPBF16PS, without its treatment of subnormal numbers.
enum TileTwin {
  /// Σ a·b over a product's depth, in depth blocks of at most 16 steps of 32 terms.
  static func sum(_ a: [Float], _ b: [Float]) -> Float {
    let steps = (a.count + 31) / 32
    let blocks = (steps + 15) / 16
    var total: Float = 0
    for block in 0..<blocks {
      let range = (block * steps / blocks)..<((block + 1) * steps / blocks)
      let sum = blockSum(range.map { (split(a, $0), split(b, $0)) })
      total = block == 0 ? sum : total + sum
    }
    return total
  }

  /// The parts of 32 terms: high, middle, low.
  private static func split(_ values: [Float], _ step: Int) -> [[Float]] {
    var parts = [[Float]](repeating: [], count: 3)
    for term in (step * 32)..<(step * 32 + 32) {
      let value = term < values.count ? values[term] : 0
      let high = rounded(value)
      let middle = rounded(value - high)
      parts[0].append(high)
      parts[1].append(middle)
      parts[2].append(value - high - middle)
    }
    return parts
  }

  /// To bfloat16, halves away from zero.
  private static func rounded(_ x: Float) -> Float {
    Float(bitPattern: (x.bitPattern &+ 0x8000) & 0xFFFF_0000)
  }

  private static func blockSum(_ steps: [(a: [[Float]], b: [[Float]])]) -> Float {
    var sum: Float = 0
    for step in steps {
      for (a, b) in [(2, 0), (1, 0), (1, 1), (0, 1), (0, 2)] {
        sum += product(step.a[a], step.b[b])
      }
    }
    for step in steps { sum += product(step.a[0], step.b[0]) }
    return sum
  }

  /// Two chains of fused multiply-adds over 16 terms each, and their sum.
  private static func product(_ a: [Float], _ b: [Float]) -> Float {
    var first: Float = 0
    var second: Float = 0
    for i in 0..<16 {
      first.addProduct(a[i], b[i])
      second.addProduct(a[i + 16], b[i + 16])
    }
    return first + second
  }
}
