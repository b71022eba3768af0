/// GELU, and what stands in its place in faulty ports.
import EncoderModel
import ReferenceArithmetic
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Calculator {
  /// Elementwise; NaN propagates.
  /// - Note: Source openai/whisper model.py `F.gelu`, the exact form with erf.
  func gelu(_ variant: GELUVariant, _ x: Tensor) -> Tensor {
    switch variant {
    case .erf: erfGELU(x)
    case .tanh: mapping(x, tanhGELU)
    case .tanhTable: mapping(x, tabulatedGELU)
    case .quick: mapping(x) { $0 / (1 + exp(-1.702 * $0)) }
    case .relu: mapping(x) { $0 < 0 ? 0 : $0 }
    case .silu: mapping(x) { $0 / (1 + exp(-$0)) }
    case .identity: mapping(x) { $0 }
    }
  }

  private func erfGELU(_ x: Tensor) -> Tensor {
    Tensor.float64(x.shape) { out in
      x.withElements { source in
        multiplier.workers.runRanges(out.count, length: 1 << 14) { range in
          let target = out.start + range.lowerBound
          multiplier.arithmetic.geluRow(source.values(range, into: target), target, range.count)
        }
      }
    }
  }
}

/// x/2·(1 + tanh(√(2/π)(x + 0.044715x³))).
private func tanhGELU(_ x: Double) -> Double {
  0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
}

/// The same through a table over every f16.
/// - Note: Source ggml `ggml_vec_gelu_f32` with `GGML_GELU_FP16`.
private func tabulatedGELU(_ x: Double) -> Double {
  if x <= -10 { return 0 }
  if x >= 10 || x.isNaN { return x }
  return Double(Float16(tanhGELU(Double(Float16(Float(x))))))
}
