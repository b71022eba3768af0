import KernelTable
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Layer norm and softmax, against Float64")
struct RowTests {
  static let widths = [1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 48, 384]

  @Test("softmax of widths that vectors do not divide", arguments: widths)
  func softmax(width: Int) {
    let source = noise(3 * width, seed: 5).map { $0 * 20 }
    for table in testedTables {
      let result = apply(table.softmax, to: source, rows: 3)
      for row in 0..<3 {
        let values = source[(row * width)..<((row + 1) * width)].map(Double.init)
        let largest = values.max() ?? 0
        let total = values.reduce(0) { $0 + exp($1 - largest) }
        for (column, value) in values.enumerated() {
          let exact = exp(value - largest) / total
          // e's argument is exact to u·40, the rest to a few u.
          #expect(abs(Double(result[row * width + column]) - exact) < 48 * 0x1p-24 * exact + 1e-37)
        }
      }
    }
  }

  @Test("layer norm far from zero", arguments: widths.dropFirst())
  func layerNorm(width: Int) {
    let source = noise(2 * width, seed: 6).map { 1000 + $0 }
    let weight = noise(width, seed: 7)
    let bias = noise(width, seed: 8)
    for table in testedTables {
      let x = Floats(source)
      let gains = Floats(weight)
      let shifts = Floats(bias)
      let y = Floats(2 * width)
      table.layerNorm(
        LayerNormArguments(
          source: x.constant, sourceStride: width, columns: width, rows: 0..<2, epsilon: 1e-5,
          weight: gains.constant, bias: shifts.constant, out: y.address(width)))
      let out = withExtendedLifetime((x, gains, shifts)) { y.values }
      for row in 0..<2 {
        let values = source[(row * width)..<((row + 1) * width)].map(Double.init)
        let mean = values.reduce(0, +) / Double(width)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
        for column in 0..<width {
          let normal = (values[column] - mean) / (variance + 1e-5).squareRoot()
          let exact = normal * Double(weight[column]) + Double(bias[column])
          // Float64 until the last rounding.
          let bound = 0x1p-23 * (abs(exact) + 1e-3)
          #expect(
            abs(Double(out[row * width + column]) - exact) < bound, "\(table.name) \(width)")
        }
      }
    }
  }
}
