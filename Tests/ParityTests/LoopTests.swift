import EncoderModel
import Parity
import ParityArithmetic
import TensorCore
import Testing

/// The comparison's inner loops on every instruction set that this processor has.
@Suite struct LoopTests {
  /// Below, at and beside multiples of the eight lanes.
  static let counts = [1, 7, 8, 9, 64, 383, 384, 1503]

  private struct Row {
    let reference: [Double]
    let wide: [Double]
    let narrow: [Float]
    let input: [Float]
    let factors: [Double]

    init(_ count: Int, seed: UInt64) {
      func draw(_ stream: UInt64, _ i: Int) -> Double {
        2 * CounterHash.uniform(seed: seed, stream: stream, counter: UInt64(i)) - 1
      }
      reference = (0..<count).map { 3 + draw(1, $0) }
      narrow = reference.indices.map { Float(3 + draw(1, $0) + 1e-3 * draw(2, $0)) }
      wide = narrow.map { Double($0) + 1e-12 }
      input = reference.indices.map { Float(draw(3, $0)) }
      factors = reference.indices.map { 1 + draw(4, $0) }
    }
  }

  private func bits(_ values: Double...) -> [UInt64] { values.map(\.bitPattern) }

  private func figures(_ loops: ParityArithmetic, _ row: Row) -> [[UInt64]] {
    row.reference.withUnsafeBytes { r in
      row.wide.withUnsafeBytes { x in
        row.narrow.withUnsafeBytes { f in
          guard let r = r.baseAddress, let x = x.baseAddress, let f = f.baseAddress else {
            return []
          }
          return [
            (Elements(r, isFloat64: true), Elements(x, isFloat64: true)),
            (Elements(r, isFloat64: true), Elements(f, isFloat64: false)),
            (Elements(f, isFloat64: false), Elements(x, isFloat64: true)),
            (Elements(f, isFloat64: false), Elements(f, isFloat64: false)),
          ].map { reference, candidate in
            let s = loops.figures(reference, candidate, 0..<row.reference.count, 2.5)
            return bits(
              s.shifted, s.shiftedSquared, s.difference, s.differenceSquared, s.product, s.maxAbs)
              + [UInt64(s.maxIndex), UInt64(s.count)]
          }
        }
      }
    }
  }

  @Test("figures have the same bits on every instruction set", arguments: counts)
  func figureBits(count: Int) {
    let row = Row(count, seed: 11)
    let expected = figures(.best, row)
    #expect(expected.count == 4)
    for loops in ParityArithmetic.all { #expect(figures(loops, row) == expected, "\(loops.name)") }
  }

  @Test("figures are those of plain sums", arguments: counts)
  func figureValues(count: Int) {
    let row = Row(count, seed: 12)
    let sums = row.reference.withUnsafeBytes { r in
      row.narrow.withUnsafeBytes { x -> FigureSums in
        guard let r = r.baseAddress, let x = x.baseAddress else { return FigureSums() }
        return ParityArithmetic.best.figures(
          Elements(r, isFloat64: true), Elements(x, isFloat64: false), 0..<count, 3)
      }
    }
    let d = zip(row.narrow, row.reference).map { Double($0) - $1 }
    let t = row.reference.map { $0 - 3 }
    func close(_ a: Double, _ b: Double, _ terms: [Double]) -> Bool {
      // What n additions in any order may be off.
      abs(a - b) <= Double(2 * terms.count) * 0x1p-53 * terms.reduce(0) { $0 + abs($1) }
    }
    #expect(close(sums.shifted, t.reduce(0, +), t))
    #expect(close(sums.shiftedSquared, t.reduce(0) { $0 + $1 * $1 }, t.map { $0 * $0 }))
    #expect(close(sums.difference, d.reduce(0, +), d))
    #expect(close(sums.differenceSquared, d.reduce(0) { $0 + $1 * $1 }, d.map { $0 * $0 }))
    let products = zip(t, d).map { $0 * $1 }
    #expect(close(sums.product, products.reduce(0, +), products))
    let largest = d.map { abs($0) }.max() ?? 0
    #expect(sums.maxAbs == largest)
    #expect(sums.maxIndex == d.firstIndex { abs($0) == largest })
  }

  @Test("the first of equal maxima is named", arguments: [3, 12, 21])
  func firstMaximum(at place: Int) {
    let reference = [Float](repeating: 0, count: 40)
    var candidate = reference
    for index in stride(from: place, to: 40, by: 5) { candidate[index] = index % 2 == 0 ? 2 : -2 }
    for loops in ParityArithmetic.all {
      let sums = reference.withUnsafeBytes { r in
        candidate.withUnsafeBytes { x -> FigureSums in
          guard let r = r.baseAddress, let x = x.baseAddress else { return FigureSums() }
          // As a chunk that begins within the tensor.
          return loops.figures(
            Elements(r, isFloat64: false), Elements(x, isFloat64: false), 2..<40, 0)
        }
      }
      #expect(sums.maxIndex == place, "\(loops.name)")
      #expect(sums.maxAbs == 2)
    }
  }

  @Test("errors have the same bits and the largest ratio", arguments: counts)
  func errors(count: Int) {
    let row = Row(count, seed: 13)
    var terms = ErrorRow()
    (terms.row0, terms.row1, terms.coherent, terms.result) = (2, 0.5, 0.25, 1)
    (terms.input, terms.startsFromBias, terms.shift, terms.floor) = (0.125, 1, 0.5, 1e-30)
    let zeros = [Double](repeating: 0, count: count)
    let bias = row.factors.map { 0.1 * $0 }
    var seen: [[UInt64]] = []
    for loops in ParityArithmetic.all {
      let sums = withPointers(bias, row.factors, zeros, row.reference) { b, f, z, base in
        row.narrow.withUnsafeBytes { x in
          row.input.withUnsafeBufferPointer { input -> ErrorRowSums in
            guard let x = x.baseAddress else { return ErrorRowSums() }
            return loops.errors(
              terms, ErrorColumns(bias: b, column0: f, column1: f, column2: z),
              ErrorOperands(
                candidate: Elements(x, isFloat64: false), base: base, difference: nil,
                input: input.baseAddress), 0, count)
          }
        }
      }
      seen.append(
        bits(
          sums.errorSquared, sums.exactSquared, sums.variance, sums.largestSquared, sums.worst))
      var (worst, total) = (0.0, 0.0)
      for j in 0..<count {
        let (y, x, b) = (row.reference[j], Double(row.input[j]), bias[j])
        let e = Double(row.narrow[j]) - y
        var v = 2.5 * row.factors[j] + 0.25 * max((y - b) * (y - b), b * b + b * y + y * y)
        v += y * y + 0.125 * x * x + y * y * (x - 0.5) * (x - 0.5)
        worst = max(worst, e * e / v)
        total += v
      }
      #expect(abs(sums.worst - worst) <= 1e-12 * worst, "\(loops.name)")
      #expect(abs(sums.variance - total) <= 1e-12 * total, "\(loops.name)")
    }
    #expect(seen.allSatisfy { $0 == seen[0] })
  }

  @Test("energies and differences have the same bits", arguments: counts)
  func energies(count: Int) {
    let row = Row(count, seed: 14)
    var seen: [[UInt64]] = []
    for loops in ParityArithmetic.all {
      var sums = row.factors
      var difference = [Float](repeating: 0, count: count)
      let result = withPointers(row.reference, row.factors, row.factors, row.wide) { r, w, _, x in
        row.narrow.withUnsafeBufferPointer { narrow in
          difference.withUnsafeMutableBufferPointer { target in
            sums.withUnsafeMutableBufferPointer { sums -> [UInt64] in
              guard let narrow = narrow.baseAddress, let target = target.baseAddress,
                let sums = sums.baseAddress
              else { return [] }
              loops.addSquares(narrow, 0.75, sums, count)
              let (d, size) = loops.differences(
                r, Elements(x, isFloat64: true), target, 0..<count)
              return bits(loops.weightedSquares(narrow, w, count), d, size)
            }
          }
        }
      }
      seen.append(result + sums.map(\.bitPattern) + difference.map { UInt64($0.bitPattern) })
      for k in 0..<count {
        #expect(difference[k] == Float(row.wide[k] - row.reference[k]))
        let value = Double(row.narrow[k])
        #expect(sums[k] == row.factors[k] + 0.75 * (value * value))
      }
    }
    #expect(seen.allSatisfy { $0 == seen[0] })
  }

  @Test("rows of the attention's maps have the same bits", arguments: counts)
  func attention(count: Int) {
    let row = Row(count, seed: 15)
    let probabilities = row.factors.map { $0 / row.factors.reduce(0, +) }
    var seen: [[UInt64]] = []
    for loops in ParityArithmetic.all {
      var weights = row.factors
      let result = withPointers(row.reference, probabilities, row.factors, row.wide) { s, p, f, _ in
        weights.withUnsafeMutableBufferPointer { weights -> [UInt64] in
          guard let weights = weights.baseAddress else { return [] }
          let range = loops.scores(s, p, count)
          #expect(range.largest == row.reference.max())
          #expect(range.extreme == row.reference.map { abs($0) }.max())
          #expect(range.isFinite)
          let sums = loops.attention(s, p, f, range.largest, weights, count)
          return bits(sums.weight, sums.scored, sums.shifted, sums.factored)
        }
      }
      seen.append(result + weights.map(\.bitPattern))
      for k in 0..<count {
        #expect(weights[k] == row.factors[k] + probabilities[k] * probabilities[k])
      }
    }
    #expect(seen.allSatisfy { $0 == seen[0] })
  }

  private func withPointers<R>(
    _ a: [Double], _ b: [Double], _ c: [Double], _ d: [Double],
    _ body: (
      UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>
    ) -> R
  ) -> R {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeBufferPointer { c in
          d.withUnsafeBufferPointer { d in
            guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress,
              let d = d.baseAddress
            else { preconditionFailure("empty rows") }
            return body(a, b, c, d)
          }
        }
      }
    }
  }
}
