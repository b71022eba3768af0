/// GELU, and what stands in its place in faulty ports.
import EncoderModel
import ReferenceArithmetic
import TensorCore

extension Calculator {
  /// Elementwise; NaN propagates.
  /// - Note: Source openai/whisper model.py `F.gelu`, the exact form with erf.
  func gelu(_ variant: GELUVariant, _ x: Tensor) -> Tensor {
    switch variant {
    case .erf: erfGELU(x)
    default: mapping(x, variant.value)
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
