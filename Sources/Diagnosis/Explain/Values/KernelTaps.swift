import EncoderModel
import TensorCore

/// A convolution's output as its taps at other frames than their own: y ≈ Σ a·(Wτ·x at frame
/// stride·t + s) + b over taps τ and shifts s, by least squares.
struct KernelTaps {
  struct Term: Hashable {
    /// 0, 1 or 2.
    var tap: Int
    /// Frames from the kernel's middle.
    var shift: Int
  }

  /// What the fit gives to each term, small ones left out.
  let weights: [Term: Double]
  /// ‖y − fit‖/‖fit‖.
  let residual: Double

  /// Frames before and after the middle at which a tap is looked for.
  private static let reach = 4
  private static let near = 1e-3

  /// - `output` `[T, out]`, `input` `[F, in]`: the candidate's own; `bias` `[out]`.
  /// - Throws: what the oracle throws.
  init?(
    _ output: Tensor, input: Tensor, of convolution: Conv1D, bias: [Double],
    _ algebra: DenseAlgebra
  ) throws {
    guard output.rowCount == convolution.outputFrames(input.rowCount),
      bias.count == output.innerExtent
    else { return nil }
    let products = try TapProducts(input, convolution, outputs: output.innerExtent, algebra)
    let y = output.shifted(by: bias).float64Array
    let terms = (0..<3).flatMap { tap in
      (-Self.reach...Self.reach).map { Term(tap: tap, shift: $0) }
    }
    let n = terms.count
    var normal = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0...i {
        normal[i * n + j] = products.inner(terms[i], terms[j], frames: output.rowCount)
        normal[j * n + i] = normal[i * n + j]
      }
    }
    var solution = terms.map { products.inner($0, with: y) }
    guard NormalEquations.solve(&normal, &solution, n: n, ridge: 1e-12),
      let left = products.residual(of: y, Array(zip(terms, solution)))
    else { return nil }
    residual = left
    weights = Dictionary(
      uniqueKeysWithValues: zip(terms, solution).filter { abs($0.1) >= Self.near })
  }

  /// Which tap stands where: `tap 0 at frame −2, tap 1 at 0, tap 2 at +2`.
  var text: String {
    let parts = (0..<3).map { tap -> String in
      let own = weights.filter { $0.key.tap == tap }.sorted { $0.key.shift < $1.key.shift }
      let places = own.map { term, weight in
        let place = term.shift > 0 ? "+\(term.shift)" : "\(term.shift)"
        return abs(weight - 1) < Self.near ? place : "\(place) times \(Figure.short(weight))"
      }
      return places.isEmpty
        ? "tap \(tap) is missing" : "tap \(tap) is at frame \(places.joined(separator: " and "))"
    }
    return (dilation.map { ["dilation \($0)"] } ?? []).joined()
      + (dilation == nil ? "" : ": ") + parts.joined(separator: ", ")
  }

  /// The distance of the taps, where they stand evenly about the middle and are whole.
  private var dilation: Int? {
    (2...Self.reach).first { step in
      weights.count == 3
        && (0..<3).allSatisfy { tap in
          abs((weights[Term(tap: tap, shift: (tap - 1) * step)] ?? 0) - 1) < Self.near
        }
    }
  }

  /// Whether every tap stands once, whole, where it should.
  var isSound: Bool {
    weights.count == 3
      && (0..<3).allSatisfy { tap in
        abs((weights[Term(tap: tap, shift: tap - 1)] ?? 0) - 1) < Self.near
      }
  }
}

/// W·x of each tap of a kernel at every frame of its input.
private struct TapProducts {
  /// `[F, out]` for each tap.
  private let values: [[Double]]
  private let outputs: Int
  private let stride: Int
  private let numFrames: Int

  init(_ input: Tensor, _ convolution: Conv1D, outputs: Int, _ algebra: DenseAlgebra) throws {
    let width = input.innerExtent
    let kernel = try algebra.kernel(of: convolution, inputs: width)
    values = try (0..<3).map { tap in
      let rows = kernel.rows(Array((tap * width)..<((tap + 1) * width)))
      return try algebra.product(input, transposed: rows.transposedToFloat64()).float64Array
    }
    self.outputs = outputs
    stride = convolution.stride
    numFrames = input.rowCount
  }

  /// The frame of the input at which a term stands for output frame t, if it is one.
  private func frame(_ term: KernelTaps.Term, _ t: Int) -> Int? {
    let frame = t * stride + term.shift
    return frame >= 0 && frame < numFrames ? frame : nil
  }

  /// Σ over `frames` of the output of the product of two terms.
  func inner(_ a: KernelTaps.Term, _ b: KernelTaps.Term, frames: Int) -> Double {
    var sum = 0.0
    values[a.tap].withUnsafeBufferPointer { p in
      values[b.tap].withUnsafeBufferPointer { q in
        for t in 0..<frames {
          guard let i = frame(a, t), let j = frame(b, t) else { continue }
          for c in 0..<outputs { sum += p[i * outputs + c] * q[j * outputs + c] }
        }
      }
    }
    return sum
  }

  /// The same of a term and y `[T, out]`.
  func inner(_ term: KernelTaps.Term, with y: [Double]) -> Double {
    var sum = 0.0
    for t in 0..<(y.count / outputs) {
      guard let i = frame(term, t) else { continue }
      for c in 0..<outputs { sum += values[term.tap][i * outputs + c] * y[t * outputs + c] }
    }
    return sum
  }

  /// ‖y − fit‖/‖fit‖ of a weighted sum of terms.
  func residual(of y: [Double], _ terms: [(KernelTaps.Term, Double)]) -> Double? {
    var (left, size) = (0.0, 0.0)
    var fit = [Double](repeating: 0, count: outputs)
    for t in 0..<(y.count / outputs) {
      for c in 0..<outputs { fit[c] = 0 }
      for (term, weight) in terms {
        guard let i = frame(term, t) else { continue }
        for c in 0..<outputs { fit[c] += weight * values[term.tap][i * outputs + c] }
      }
      for c in 0..<outputs {
        let d = y[t * outputs + c] - fit[c]
        left += d * d
        size += fit[c] * fit[c]
      }
    }
    return size > 0 && left.isFinite ? (left / size).squareRoot() : nil
  }
}
