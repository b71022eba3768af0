import CLAPACKE
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
    let (width, frames) = (input.innerExtent, input.rowCount)
    let (outputs, count) = (output.innerExtent, output.rowCount)
    guard count == convolution.outputFrames(frames), bias.count == outputs else { return nil }
    let kernel = try algebra.kernel(of: convolution, inputs: width)
    let products = try (0..<3).map { tap -> [Double] in
      let rows = Tensor.float64([width, outputs]) { target in
        kernel.withFloat64 { source in
          for i in 0..<target.count { target[i] = source[tap * width * outputs + i] }
        }
      }
      return try algebra.product(input, transposed: rows.transposedToFloat64()).float64Array
    }
    let y = output.withFloat64 { y in (0..<y.count).map { y[$0] - bias[$0 % outputs] } }
    let terms = (0..<3).flatMap { tap in
      (-Self.reach...Self.reach).map { Term(tap: tap, shift: $0) }
    }
    /// The frame of the input at which a term stands for output frame t, if it is one.
    func frame(_ term: Term, _ t: Int) -> Int? {
      let frame = t * convolution.stride + term.shift
      return frame >= 0 && frame < frames ? frame : nil
    }
    func inner(_ a: Term, _ b: Term) -> Double {
      var sum = 0.0
      products[a.tap].withUnsafeBufferPointer { p in
        products[b.tap].withUnsafeBufferPointer { q in
          for t in 0..<count {
            guard let i = frame(a, t), let j = frame(b, t) else { continue }
            for c in 0..<outputs { sum += p[i * outputs + c] * q[j * outputs + c] }
          }
        }
      }
      return sum
    }
    let n = terms.count
    var normal = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0...i {
        normal[i * n + j] = inner(terms[i], terms[j])
        normal[j * n + i] = normal[i * n + j]
      }
    }
    var solution = terms.map { term -> Double in
      var sum = 0.0
      for t in 0..<count {
        guard let i = frame(term, t) else { continue }
        for c in 0..<outputs { sum += products[term.tap][i * outputs + c] * y[t * outputs + c] }
      }
      return sum
    }
    let trace = (0..<n).reduce(0) { $0 + normal[$1 * n + $1] }
    for i in 0..<n { normal[i * n + i] += 1e-12 * trace / Double(n) }
    guard trace.isFinite, trace > 0,
      LAPACKE_dposv(
        LAPACK_COL_MAJOR, Int8(UInt8(ascii: "U")), Int32(n), 1, &normal, Int32(n), &solution,
        Int32(n)) == 0
    else { return nil }
    var (left, size) = (0.0, 0.0)
    for t in 0..<count {
      var fit = [Double](repeating: 0, count: outputs)
      for (term, weight) in zip(terms, solution) {
        guard let i = frame(term, t) else { continue }
        for c in 0..<outputs { fit[c] += weight * products[term.tap][i * outputs + c] }
      }
      for c in 0..<outputs {
        let d = y[t * outputs + c] - fit[c]
        left += d * d
        size += fit[c] * fit[c]
      }
    }
    guard size > 0, left.isFinite else { return nil }
    residual = (left / size).squareRoot()
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
