import EncoderModel
import Parity
import ReferenceBackend
import TensorCore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Float32 arithmetic in an order of its own; every one is honest.
enum SummationOrder: String, CaseIterable, Sendable {
  case sequential, reversed, fused, lanes, pairwise, blocked, biasFirst

  /// Σ aₖbₖ + bias.
  func dot(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>, bias: Float) -> Float {
    let pairs = Array(zip(a, b))
    switch self {
    case .sequential: return pairs.reduce(Float(0)) { $0 + $1.0 * $1.1 } + bias
    case .reversed: return pairs.reversed().reduce(Float(0)) { $0 + $1.0 * $1.1 } + bias
    case .fused: return pairs.reduce(Float(0)) { $0.addingProduct($1.0, $1.1) } + bias
    case .biasFirst: return pairs.reduce(bias) { $0 + $1.0 * $1.1 }
    case .lanes:
      var sums = [Float](repeating: 0, count: 8)
      for (k, pair) in pairs.enumerated() {
        sums[k % 8] = sums[k % 8].addingProduct(pair.0, pair.1)
      }
      return sums.reduce(0, +) + bias
    case .pairwise: return Self.tree(pairs.map { $0.0 * $0.1 }[...]) + bias
    case .blocked:
      var sum: Float = 0
      for start in stride(from: 0, to: pairs.count, by: 64) {
        sum += pairs[start..<min(start + 64, pairs.count)].reduce(Float(0)) { $0 + $1.0 * $1.1 }
      }
      return sum + bias
    }
  }

  private static func tree(_ terms: ArraySlice<Float>) -> Float {
    guard terms.count > 1 else { return terms.first ?? 0 }
    let middle = terms.startIndex + terms.count / 2
    return tree(terms[..<middle]) + tree(terms[middle...])
  }
}

/// How values are distributed.
enum ValueKind: String, CaseIterable, Sendable {
  case noise, positive, largeMean, heavyTail, constant, mixedRows

  func tensor(_ shape: [Int], seed: UInt64) -> Tensor {
    let width = shape.last ?? 1
    return Tensor.float32(shape) { out in
      for i in out.indices {
        let draw = 2 * CounterHash.uniform(seed: seed, stream: 1, counter: UInt64(i)) - 1
        let value: Double =
          switch self {
          case .noise: draw
          case .positive: abs(draw)
          case .largeMean: 50 + draw
          case .heavyTail: draw / (1.001 - abs(draw))
          case .constant: 0.7 + 1e-6 * draw
          case .mixedRows: draw * (i / width % 3 == 0 ? 1e-4 : 30)
          }
        out[i] = Float(value)
      }
    }
  }
}

@Suite("Bounds hold for honest Float32 and fail for ten times its error")
struct BoundTests {
  private let rows = 24

  @Test("dense layers", arguments: SummationOrder.allCases, ValueKind.allCases)
  func dense(order: SummationOrder, kind: ValueKind) throws {
    for (index, depth) in [1, 3, 16, 64, 384, 1536].enumerated() {
      for weightKind in [ValueKind.noise, .positive, .heavyTail] {
        let columns = 16
        let x = kind.tensor([rows, depth], seed: UInt64(index))
        let w = weightKind.tensor([columns, depth], seed: 40 + UInt64(index))
        let b = ValueKind.noise.tensor([columns], seed: 70)
        let (a, k, bias) = (x.float32Array, w.float32Array, b.float32Array)
        let y = Tensor.float32([rows, columns]) { out in
          for i in 0..<rows {
            for j in 0..<columns {
              out[i * columns + j] = order.dot(
                a[(i * depth)..<((i + 1) * depth)], k[(j * depth)..<((j + 1) * depth)],
                bias: bias[j])
            }
          }
        }
        let operation = Operation.linear(
          Linear(weight: WeightReference("w"), bias: WeightReference("b")))
        let error = try judgedAlone(operation, weights: ["w": w, "b": b], x, y)
        #expect(
          error.worstRatio <= 1,
          "depth \(depth), weights \(weightKind): \(error.worstRatio), rms \(error.rmsRatio)")
        guard order == .sequential, depth > 3, kind == .noise else { continue }
        let worse = try judgedAlone(
          operation, weights: ["w": w, "b": b], x, disturbed(y, error, by: 10))
        #expect(worse.verdict.isDivergence, "depth \(depth): \(worse.worstRatio)")
      }
    }
  }

  enum NormForm: String, CaseIterable, Sendable { case twoPass, onePass, welford, folded }

  @Test("layer norms in every form", arguments: NormForm.allCases, ValueKind.allCases)
  func layerNorm(form: NormForm, kind: ValueKind) throws {
    for (index, width) in [8, 48, 384, 1280].enumerated() {
      let x = kind.tensor([rows, width], seed: UInt64(index))
      let w = ValueKind.noise.tensor([width], seed: 5)
      let b = ValueKind.noise.tensor([width], seed: 6)
      let (a, gain, bias) = (x.float32Array, w.float32Array, b.float32Array)
      let y = Tensor.float32([rows, width]) { out in
        for i in 0..<rows {
          let row = Array(a[(i * width)..<((i + 1) * width)])
          let (mean, variance) = moments(row, form)
          let scale = 1 / (variance + 1e-5).squareRoot()
          for j in 0..<width {
            out[i * width + j] =
              form == .folded
              ? (row[j] * scale - mean * scale) * gain[j] + bias[j]
              : (row[j] - mean) * scale * gain[j] + bias[j]
          }
        }
      }
      let operation = Operation.layerNorm(
        LayerNorm(weight: WeightReference("w"), bias: WeightReference("b")))
      let error = try judgedAlone(operation, weights: ["w": w, "b": b], x, y)
      #expect(
        !error.verdict.isDivergence,
        "width \(width): \(error.worstRatio), rms \(error.rmsRatio) \(error.evidence ?? "")")
      guard form == .onePass, kind == .noise else { continue }
      let worse = try judgedAlone(
        operation, weights: ["w": w, "b": b], x, disturbed(y, error, by: 10))
      #expect(worse.verdict.isDivergence, "width \(width): \(worse.worstRatio)")
    }
  }

  private func moments(_ row: [Float], _ form: NormForm) -> (mean: Float, variance: Float) {
    let n = Float(row.count)
    switch form {
    case .twoPass, .folded:
      let mean = row.reduce(0, +) / n
      return (mean, row.reduce(Float(0)) { $0 + ($1 - mean) * ($1 - mean) } / n)
    case .onePass:
      let mean = row.reduce(0, +) / n
      return (mean, max(row.reduce(Float(0)) { $0 + $1 * $1 } / n - mean * mean, 0))
    case .welford:
      var (mean, squares) = (Float(0), Float(0))
      for (k, value) in row.enumerated() {
        let delta = value - mean
        mean += delta / Float(k + 1)
        squares += delta * (value - mean)
      }
      return (mean, squares / n)
    }
  }

  @Test("GELU by the C library's erff", arguments: ValueKind.allCases)
  func gelu(kind: ValueKind) throws {
    let x = kind.tensor([64, 64], seed: 3)
    let values = x.float32Array
    let y = Tensor(values.map { $0 * 0.5 * (1 + erff($0 * 0.70710678)) }, shape: [64, 64])
    let error = try judgedAlone(.gelu(.erf), weights: [:], x, y)
    #expect(error.worstRatio <= 1)
    let tanhForm = Tensor(
      values.map { 0.5 * $0 * (1 + tanhf(0.7978845608 * ($0 + 0.044715 * $0 * $0 * $0))) },
      shape: [64, 64])
    let other = try judgedAlone(.gelu(.erf), weights: [:], x, tanhForm)
    #expect(kind == .largeMean || other.verdict == .structural)
  }

  @Test("an epsilon of 1e-6 is seen below the rounding of single elements")
  func epsilon() throws {
    let width = 128
    let x = Tensor.float32([300, width]) { out in
      for i in out.indices {
        let draw = 2 * CounterHash.uniform(seed: 4, stream: 1, counter: UInt64(i)) - 1
        out[i] = Float(draw * (2 + 6 * Double(i / width % 10) / 10))
      }
    }
    let weights = ["w": ValueKind.noise.tensor([width], seed: 1)]
    func output(_ epsilon: Float) -> Tensor {
      let (a, gain) = (x.float32Array, weights["w"]?.float32Array ?? [])
      return Tensor.float32([300, width]) { out in
        for i in 0..<300 {
          let row = Array(a[(i * width)..<((i + 1) * width)])
          let (mean, variance) = moments(row, .twoPass)
          let scale = 1 / (variance + epsilon).squareRoot()
          for j in 0..<width { out[i * width + j] = (row[j] - mean) * scale * gain[j] }
        }
      }
    }
    let operation = Operation.layerNorm(LayerNorm(weight: WeightReference("w"), bias: nil))
    let sound = try judgedAlone(operation, weights: weights, x, output(1e-5))
    #expect(!sound.verdict.isDivergence)
    let other = try judgedAlone(operation, weights: weights, x, output(1e-6))
    #expect(other.verdict == .structural)
  }
}
