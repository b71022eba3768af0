/// Derivatives of dense layers, convolutions, GELU and layer norm.
import EncoderModel
import ReferenceArithmetic
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Calculator {
  /// ∂x = g·W.
  func linearPullback(
    _ layer: Linear, _ x: Tensor, _ cotangent: Tensor, _ node: String
  ) throws -> Tensor {
    let weight = try weights.resolve(layer.weight)
    guard weight.shape.count == 2, weight.shape[0] == cotangent.innerExtent else {
      throw ReferenceError.wrongShape(
        node: node, expected: "a weight of \(cotangent.innerExtent) rows", found: weight.shape)
    }
    let width = weight.shape[1]
    let packed = weight.withFloat32 {
      multiplier.pack(
        $0.start, columns: width, depth: weight.shape[0], columnStride: 1, depthStride: width)
    }
    return Tensor.float64(x.shape) { out in
      cotangent.withRows { multiplier.multiply($0, packed, into: out.start, cStride: width) }
    }
  }

  /// ∂x[t·stride + k − paddingLeft, i] gathers Σₒ g[t, o]·W[o, i, k] over k.
  func convolutionPullback(
    _ convolution: Conv1D, _ x: Tensor, _ cotangent: Tensor, _ node: String
  ) throws -> Tensor {
    let weight = try weights.resolve(convolution.weight)
    let (frames, channels) = (x.rowCount, x.innerExtent)
    guard weight.shape.count == 3, weight.shape[1] == channels else {
      throw ReferenceError.wrongShape(
        node: node, expected: "a kernel [out, \(channels), taps]", found: weight.shape)
    }
    let taps = weight.shape[2]
    // Column i·taps + k of the kernel's rows, as they lie in memory.
    let width = channels * taps
    let packed = weight.withFloat32 {
      multiplier.pack(
        $0.start, columns: width, depth: weight.shape[0], columnStride: 1, depthStride: width)
    }
    let spread = Tensor.float64([cotangent.rowCount, width]) { out in
      cotangent.withRows { multiplier.multiply($0, packed, into: out.start, cStride: width) }
    }
    return Tensor.float64(x.shape) { out in
      out.update(repeating: 0)
      spread.withFloat64 { source in
        for t in 0..<spread.rowCount {
          for tap in 0..<taps {
            let frame = t * convolution.stride + tap - convolution.paddingLeft
            guard frame >= 0 && frame < frames else { continue }
            for i in 0..<channels {
              out[frame * channels + i] += source[t * width + i * taps + tap]
            }
          }
        }
      }
    }
  }

  /// ∂x = g·(Φ(x) + x·φ(x)).
  func geluPullback(_ x: Tensor, _ cotangent: Tensor) -> Tensor {
    cotangent.withFloat64 { g in
      Tensor.float64(x.shape) { out in
        x.withFloat64 { source in
          multiplier.workers.runRanges(out.count, length: 1 << 14) { range in
            for i in range {
              let value = source[i]
              let cumulative = 0.5 * erfc(-value / 2.0.squareRoot())
              let density = exp(-value * value / 2) / (2 * Double.pi).squareRoot()
              out[i] = g[i] * (cumulative + value * density)
            }
          }
        }
      }
    }
  }

  /// With x̂ = (x − μ)r, r = 1/√(σ² + ε) and h = g·γ: ∂x = r·(h − mean h − x̂·mean(h·x̂)).
  func layerNormPullback(
    _ norm: LayerNorm, _ x: Tensor, _ cotangent: Tensor, _ node: String
  ) throws -> Tensor {
    let width = x.innerExtent
    let gains =
      try norm.weight.map { try vector($0, width, node).float64Array }
      ?? [Double](repeating: 1, count: width)
    return cotangent.withFloat64 { g in
      Tensor.float64(x.shape) { out in
        x.withFloat64 { source in
          forEachRow(x.rowCount) { row in
            layerNormRowPullback(
              source.start + row * width, g.start + row * width, gains, norm.epsilon,
              into: out.start + row * width)
          }
        }
      }
    }
  }

  private func layerNormRowPullback(
    _ x: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ gains: [Double], _ epsilon: Double,
    into out: UnsafeMutablePointer<Double>
  ) {
    let n = Double(gains.count)
    var mean = 0.0
    for j in gains.indices { mean += x[j] }
    mean /= n
    var variance = 0.0
    for j in gains.indices { variance += (x[j] - mean) * (x[j] - mean) }
    let scale = 1 / (variance / n + epsilon).squareRoot()
    var (sum, inner) = (0.0, 0.0)
    for j in gains.indices {
      let h = g[j] * gains[j]
      sum += h
      inner += h * (x[j] - mean) * scale
    }
    for j in gains.indices {
      out[j] = scale * (g[j] * gains[j] - sum / n - (x[j] - mean) * scale * inner / n)
    }
  }
}
