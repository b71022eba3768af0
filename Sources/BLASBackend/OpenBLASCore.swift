import Processor

/// Which kernels OpenBLAS should run on this processor, whatever it knows of its model number.
enum OpenBLASCore {
  /// The environment variable that tells it, while it is loaded.
  static let variable = "OPENBLAS_CORETYPE"

  /// The core that OpenBLAS should be told to use; `nil` where the user has chosen, or where its own
  /// choice cannot be too narrow. A build without that core ignores it.
  static func wanted(vectors: VectorExtension, environment: String?) -> String? {
    guard environment == nil || environment?.isEmpty == true else { return nil }
    return switch vectors {
    case .baseline: nil
    case .avx2: "HASWELL"
    case .avx512: "SKYLAKEX"
    }
  }
}
