import EncoderModel
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The sound operations in Float64 by the plainest loops: an oracle of the tests' own.
struct NaiveEvaluator: OperationEvaluator {
  var weights: any WeightSource

  struct Unsupported: Error {}

  func evaluate(_ node: ProgramNode, inputs: [Tensor]) throws -> Tensor {
    switch node.operation {
    case .linear(let linear):
      var weight = try weights.resolve(linear.weight)
      var x = inputs[0]
      if linear.precision.operands != .float32 { x = rounded(x, linear.precision.operands) }
      weight = weight.converted(to: .float32)
      return try finish(
        product(x, weight, bias: linear.bias.map { try weights.resolve($0).float64Array }),
        linear.precision)
    case .conv1d(let conv): return try convolution(conv, inputs[0])
    case .gelu(let variant):
      return map(inputs[0]) { x in
        variant == .tanh
          ? x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
          : x / 2 * (1 + erf(x / 2.0.squareRoot()))
      }
    case .addPosition(let table):
      let position = try weights.resolve(table).float64Array
      let x = inputs[0].float64Array
      return Tensor(x.indices.map { x[$0] + position[$0] }, shape: inputs[0].shape)
    case .add:
      let (a, b) = (inputs[0].float64Array, inputs[1].float64Array)
      return Tensor(a.indices.map { a[$0] + b[$0] }, shape: inputs[0].shape)
    case .layerNorm(let norm): return try layerNorm(norm, inputs[0])
    case .attentionScores(let scores): return attentionScores(scores, inputs[0], inputs[1])
    case .softmax: return softmax(inputs[0])
    case .attentionContext(let context):
      return attentionContext(context, inputs[0], inputs[1])
    case .input, .transform, .replaceRows: throw Unsupported()
    }
  }

  func evaluateAttention(
    scores: ProgramNode, softmax: ProgramNode, context: ProgramNode, query: Tensor, key: Tensor,
    value: Tensor, observing observe: ((AttentionRow) -> Void)?
  ) throws -> Tensor {
    let map = try evaluate(scores, inputs: [query, key])
    let probabilities = try evaluate(softmax, inputs: [map])
    if let observe { AttentionRow.forEach(scores: map, probabilities: probabilities, observe) }
    return try evaluate(context, inputs: [probabilities, value])
  }

  private func rounded(_ x: Tensor, _ format: NumberFormat) -> Tensor {
    Tensor.float32(x.shape) { target in
      x.withFloat32 { _ = target.update(fromContentsOf: $0) }
      for row in 0..<x.rowCount {
        format.round(
          row: UnsafeMutableBufferPointer(
            rebasing: target[(row * x.innerExtent)..<((row + 1) * x.innerExtent)]))
      }
    }
  }

  private func finish(_ y: Tensor, _ precision: ProductPrecision) throws -> Tensor {
    precision.result == .float32 ? y : rounded(y, precision.result)
  }

  private func map(_ x: Tensor, _ f: (Double) -> Double) -> Tensor {
    Tensor(x.float64Array.map(f), shape: x.shape)
  }

  private func product(_ x: Tensor, _ w: Tensor, bias: [Double]?) -> Tensor {
    let (rows, n, out) = (x.rowCount, x.innerExtent, w.rowCount)
    return Tensor.float64([rows, out]) { target in
      x.withFloat64 { a in
        w.withFloat64 { b in
          for i in 0..<rows {
            for j in 0..<out {
              var sum = bias?[j] ?? 0
              for k in 0..<n { sum += a[i * n + k] * b[j * n + k] }
              target[i * out + j] = sum
            }
          }
        }
      }
    }
  }

  private func convolution(_ conv: Conv1D, _ input: Tensor) throws -> Tensor {
    let weight = try weights.resolve(conv.weight)
    let bias = try conv.bias.map { try weights.resolve($0).float64Array }
    let (frames, numIn, out) = (input.rowCount, input.innerExtent, weight.shape[0])
    let outFrames = conv.outputFrames(frames)
    return Tensor.float64([outFrames, out]) { target in
      input.withFloat64 { x in
        weight.withFloat64 { w in
          for t in 0..<outFrames {
            for o in 0..<out {
              var sum = bias?[o] ?? 0
              for tap in 0..<3 {
                let frame = t * conv.stride + tap - conv.paddingLeft
                guard frame >= 0 && frame < frames else { continue }
                for c in 0..<numIn { sum += x[frame * numIn + c] * w[(o * numIn + c) * 3 + tap] }
              }
              target[t * out + o] = sum
            }
          }
        }
      }
    }
  }

  private func layerNorm(_ norm: LayerNorm, _ input: Tensor) throws -> Tensor {
    let n = input.innerExtent
    let gamma = try norm.weight.map { try weights.resolve($0).float64Array }
    let beta = try norm.bias.map { try weights.resolve($0).float64Array }
    let x = input.float64Array
    return Tensor.float64(input.shape) { target in
      for row in 0..<input.rowCount {
        let values = x[(row * n)..<((row + 1) * n)]
        let mean = values.reduce(0, +) / Double(n)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
        let inverse = 1 / (variance + norm.epsilon).squareRoot()
        for j in 0..<n {
          target[row * n + j] =
            (x[row * n + j] - mean) * inverse * (gamma?[j] ?? 1) + (beta?[j] ?? 0)
        }
      }
    }
  }

  private func attentionScores(_ scores: AttentionScores, _ q: Tensor, _ k: Tensor) -> Tensor {
    let (width, dim) = (q.innerExtent, q.innerExtent / scores.numHeads)
    let (a, b) = (q.float64Array, k.float64Array)
    return Tensor.float64([scores.numHeads, q.rowCount, k.rowCount]) { target in
      for h in 0..<scores.numHeads {
        for i in 0..<q.rowCount {
          for j in 0..<k.rowCount {
            var sum = 0.0
            for d in 0..<dim { sum += a[i * width + h * dim + d] * b[j * width + h * dim + d] }
            target[(h * q.rowCount + i) * k.rowCount + j] = sum * scores.scale
          }
        }
      }
    }
  }

  private func softmax(_ s: Tensor) -> Tensor {
    let n = s.innerExtent
    return Tensor.float64(s.shape) { target in
      s.withFloat64 { x in
        for row in 0..<s.rowCount {
          var largest = -Double.infinity
          for j in 0..<n { largest = max(largest, x[row * n + j]) }
          var sum = 0.0
          for j in 0..<n {
            target[row * n + j] = exp(x[row * n + j] - largest)
            sum += target[row * n + j]
          }
          for j in 0..<n { target[row * n + j] /= sum }
        }
      }
    }
  }

  private func attentionContext(_ context: AttentionContext, _ p: Tensor, _ v: Tensor) -> Tensor {
    let (queries, keys, width) = (p.shape[1], p.shape[2], v.innerExtent)
    let dim = width / context.numHeads
    return Tensor.float64([queries, width]) { target in
      p.withFloat64 { a in
        v.withFloat64 { b in
          target.update(repeating: 0)
          for h in 0..<context.numHeads {
            for i in 0..<queries {
              for j in 0..<keys {
                let weight = a[(h * queries + i) * keys + j]
                for d in 0..<dim {
                  target[i * width + h * dim + d] += weight * b[j * width + h * dim + d]
                }
              }
            }
          }
        }
      }
    }
  }
}
