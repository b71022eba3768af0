/// The reference's inner loops on every instruction set that this processor has.
import EncoderModel
import ReferenceArithmetic
import ReferenceBackend
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Loops of the reference on every instruction set")
struct ArithmeticTests {
  private func draw(_ count: Int, stream: UInt64, from low: Double, to high: Double) -> [Double] {
    (0..<count).map {
      low + (high - low) * CounterHash.uniform(seed: 4, stream: stream, counter: UInt64($0))
    }
  }

  private func isNear(_ value: Double, _ expected: Double, _ relative: Double) -> Bool {
    abs(value - expected) <= relative * abs(expected) + .leastNormalMagnitude
  }

  /// Sums of products, against chains in the order of the depth; their bits where the loop fuses.
  @Test("a tile of a product", arguments: [1, 2, 37, 128])
  func tile(depth: Int) {
    for loops in ReferenceArithmetic.all {
      let (rows, columns) = (loops.tileRows, loops.tileColumns)
      let a = draw(rows * depth, stream: 1, from: -1, to: 1)
      let b = draw(depth * columns, stream: 2, from: -1, to: 1)
      let start = draw(rows * columns, stream: 3, from: -1, to: 1)
      for accumulates in [false, true] {
        var c = start
        loops.multiplyTile(depth, a, depth, b, &c, columns, accumulates)
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = accumulates ? start[row * columns + column] : 0
            var size = abs(sum)
            for k in 0..<depth {
              sum.addProduct(a[row * depth + k], b[k * columns + column])
              size += abs(a[row * depth + k] * b[k * columns + column])
            }
            let value = c[row * columns + column]
            #expect(
              loops.name == "portable"
                ? abs(value - sum) <= Double(depth + 1) * 0x1p-53 * size : value == sum,
              "\(loops.name) [\(row), \(column)]")
          }
        }
      }
    }
  }

  @Test("a row of a softmax", arguments: [1, 2, 7, 8, 9, 31, 1500], [0, 36])
  func softmax(count: Int, padding: Int) {
    let scores = draw(count, stream: 5, from: -30, to: 9)
    let largest = max(scores.max() ?? 0, padding > 0 ? 0 : -.infinity)
    let weights = scores.map { exp($0 - largest) }
    // In ascending order: what is small adds up before it meets what is large.
    let sum = (weights + [Double(padding) * exp(-largest)]).sorted().reduce(0, +)
    // Three roundings and two exponentials, and those of both sums, which have either sign.
    let unit = 0x1p-53 * (8 + 4 * Double(count).squareRoot())
    for loops in ReferenceArithmetic.all {
      var row = scores
      loops.softmaxRow(&row, count, padding)
      for index in row.indices {
        #expect(isNear(row[index], weights[index] / sum, unit), "\(loops.name) [\(index)]")
      }
    }
  }

  @Test("a row of GELU", arguments: [1, 7, 8, 9, 1000])
  func gelu(count: Int) {
    let x = draw(count, stream: 6, from: -9, to: 9) + [-37, -0.0, 1e-300, 40]
    for loops in ReferenceArithmetic.all {
      var y = [Double](repeating: .nan, count: x.count)
      loops.geluRow(x, &y, x.count)
      for index in x.indices {
        let expected = 0.5 * x[index] * erfc(-x[index] / 2.0.squareRoot())
        // Before erfc √2 and x/√2 are rounded, which erfc multiplies by x² each.
        let unit = 0x1p-53 * (8 + 2 * x[index] * x[index])
        #expect(isNear(y[index], expected, unit), "\(loops.name) at \(x[index])")
      }
    }
  }

  @Test("the widest comes first, and what every processor has comes last")
  func order() {
    #expect(ReferenceArithmetic.all.last?.name == "portable")
    #expect(ReferenceArithmetic.best.name == ReferenceArithmetic.all.first?.name)
    #expect(Set(ReferenceArithmetic.all.map(\.name)).count == ReferenceArithmetic.all.count)
  }
}
