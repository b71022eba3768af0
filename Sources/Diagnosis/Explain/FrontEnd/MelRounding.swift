import AudioFrontEnd
import EncoderModel
import Parity
import TensorCore

/// How the values of a foreign mel are rounded: to a narrow format that an engine runs in, or not.
struct MelRounding {
  private let grid: NarrowGrid?
  /// The rounding as a fault; none where the dump itself is of the narrow type, and so no wider
  /// values could be stored in it.
  let faults: [FrontEndFault]

  init(_ own: Tensor) {
    let grid = MelBound.grid(of: own)
    self.grid = grid
    let isOwnType = [.float16, .bfloat16].contains(own.scalarType)
    faults =
      isOwnType
      ? [] : FrontEndOptions.catalogue.filter { $0.roundedFormat == grid?.format && grid != nil }
  }

  /// Roundings that these values cannot tell from it.
  var twins: [FrontEndFault] {
    guard !faults.isEmpty, grid?.format == .float16 else { return [] }
    return FrontEndOptions.catalogue.filter { $0.roundedFormat == .tf32 }
  }

  /// What is left between the foreign mel and a mel that was computed, once that is rounded; `nil`
  /// where more than rounding lies between them.
  func residual(_ own: Tensor, _ prediction: Tensor) -> Double? {
    guard let grid, MelBound.isRounding(own, prediction, to: grid) else { return nil }
    let rounded = prediction.withFloat32 { source in
      Tensor.float32(prediction.shape) { target in
        for i in target.indices { target[i] = source[i] }
        grid.format.round(row: target)
      }
    }
    return relativeDistance(own, rounded)
  }
}

extension FrontEndFault {
  /// The number format that the fault rounds the features to, where it does that.
  var roundedFormat: NumberFormat? {
    switch options.layout.rounding {
    case .none: nil
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .tf32: .tf32
    }
  }
}
