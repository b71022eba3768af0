#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Logarithms of probabilities from logits.
enum LogProbabilities {
  /// log Σ eˣ; −∞ where there is nothing or all is −∞, NaN where one is NaN.
  static func logSumExp(_ values: some Collection<Double>) -> Double {
    var largest = -Double.infinity
    for value in values where !(value <= largest) {
      if value.isNaN { return .nan }
      largest = value
    }
    guard largest.isFinite else { return largest }
    return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
  }

  /// log softmax: x − log Σ eˣ.
  static func logSoftmax(_ logits: [Double]) -> [Double] {
    let sum = logSumExp(logits)
    return logits.map { $0 - sum }
  }

  /// The index of the largest, the first of equals; `nil` where every value is NaN or −∞.
  static func argmax(_ values: [Double]) -> Int? {
    var best: (index: Int, value: Double)?
    for (index, value) in values.enumerated() where value > best?.value ?? -.infinity {
      best = (index, value)
    }
    return best?.index
  }

  /// The indices of the `count` largest, larger ones first, the first of equals before the others.
  static func largest(_ count: Int, of values: [Double]) -> [Int] {
    var result: [Int] = []
    for (index, value) in values.enumerated() where value > -.infinity {
      if result.count == count, let last = result.last, value <= values[last] { continue }
      let place = result.firstIndex { values[$0] < value } ?? result.endIndex
      result.insert(index, at: place)
      if result.count > count { result.removeLast() }
    }
    return result
  }
}

extension LogProbabilities {
  /// The softmax's value at `index`.
  static func probability(of index: Int, in logits: [Double]) -> Double {
    exp(logits[index] - logSumExp(logits))
  }
}
