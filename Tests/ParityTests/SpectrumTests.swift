import EncoderModel
import Parity
import TensorCore
import Testing

@Suite("The shape of a structural error")
struct SpectrumTests {
  private func value(_ rows: Int, _ columns: Int) -> [Double] {
    (0..<(rows * columns)).map {
      2 * CounterHash.uniform(seed: 8, stream: 0, counter: UInt64($0)) - 1
    }
  }

  private func spectrum(
    _ rows: Int, _ columns: Int, heads: Int = 1, _ change: (Int, Int, Double) -> Double
  ) -> DeltaSpectrum? {
    let y = value(rows, columns)
    let x = y.indices.map { change($0 / columns, $0 % columns, y[$0]) }
    return DeltaSpectrum.measure(
      candidate: Tensor(x, shape: [rows, columns]), exact: Tensor(y, shape: [rows, columns]),
      numHeads: heads, rounding: 1e-9)
  }

  @Test("a bias is rank 1 and constant", arguments: [(40, 24), (300, 200)])
  func bias(rows: Int, columns: Int) throws {
    let found = try #require(spectrum(rows, columns) { $2 + 0.1 * Double($1 % 7) })
    #expect(found.rank == 1)
    #expect(found.constantShare > 0.999999)
    #expect(found.reading.contains("constant over frames"))
    #expect(found.channels.residual < 1e-12)
  }

  @Test("a factor over the whole tensor")
  func factor() throws {
    let found = try #require(spectrum(60, 30) { 0.234 * $2 })
    #expect(abs(found.factor - 0.234) < 1e-12)
    #expect(found.reading.contains("0.234"))
  }

  @Test("a factor and an offset a channel")
  func affine() throws {
    let found = try #require(spectrum(60, 30) { (1 + 0.01 * Double($1)) * $2 + 0.5 })
    #expect(found.channels.residual < 1e-12)
    #expect(abs(found.channels.scale.upperBound - 1.29) < 1e-9)
    #expect(abs(found.channels.offset - 0.5) < 1e-9)
    #expect(found.reading.hasPrefix("channel-wise affine"))
  }

  @Test("a factor a frame")
  func frames() throws {
    let found = try #require(spectrum(60, 30) { (1 + 0.3 / Double($0 + 1)) * $2 })
    #expect(found.reading.contains("each frame"))
  }

  @Test("low rank is counted, of small and of large matrices", arguments: [(50, 40), (400, 220)])
  func rank(rows: Int, columns: Int) throws {
    let left = value(rows, 3)
    let right = value(3, columns)
    let found = try #require(
      spectrum(rows, columns) { i, j, y in
        y + (0..<3).reduce(0) { $0 + left[i * 3 + $1] * right[$1 * columns + j] }
      })
    #expect(found.rank == 3)
    #expect(found.reading.contains("rank 3"))
  }

  @Test("singular values of a sketch are those of the matrix")
  func values() throws {
    // Orthogonal patterns of known norm: cosines over 256 rows times one channel each.
    let norms = [9.0, 5, 2, 0.5]
    let found = try #require(
      spectrum(256, 180) { row, column, y in
        guard column < norms.count else { return y }
        return y + norms[column] / 16 * (row / (1 << column) % 2 == 0 ? 1 : -1)
      })
    for (value, norm) in zip(found.singularValues, norms) { #expect(abs(value - norm) < 1e-6) }
    #expect(found.rank == 4)
  }

  @Test("places: one head, some frames")
  func places() throws {
    let head = try #require(
      spectrum(60, 40, heads: 4) { row, column, y in
        column / 10 == 2 ? -y * y + Double(row % 3) : y
      })
    #expect(head.worstHeads.first?.index == 2)
    #expect(head.reading.contains("head 2"))
    let frames = try #require(
      spectrum(60, 40) { row, column, y in
        row == 17 ? y * y - 0.3 * Double(column % 5) : y
      })
    #expect(frames.firstRow == 17 && frames.lastRow == 17)
    #expect(frames.worstRows.first?.index == 17)
  }

  @Test("no error has no shape")
  func none() {
    #expect(spectrum(10, 10) { $2 } == nil)
  }
}
