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
    case .tanh:
      mapping(x) {
        0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
      }
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
