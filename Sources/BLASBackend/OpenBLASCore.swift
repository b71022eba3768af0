import CProcessor

/// Which kernels OpenBLAS should run on this processor, whatever it knows of its model number.
enum OpenBLASCore {
  /// The environment variable that tells it, while it is loaded.
  static let variable = "OPENBLAS_CORETYPE"

  /// The widest vectors that a processor offers and its operating system saves.
  enum Vectors: Int {
    case narrow, avx2, avx512

    static var ofThisProcessor: Vectors {
      #if arch(x86_64)
        let osxsaveAndFMA: UInt32 = 1 << 27 | 1 << 12
        guard encoder_diff_cpuid(1, 0, 2) & osxsaveAndFMA == osxsaveAndFMA else { return .narrow }
        let saved = encoder_diff_xcr0()
        let extended = encoder_diff_cpuid(7, 0, 1)
        guard saved & 0x6 == 0x6, extended & (1 << 5) != 0 else { return .narrow }
        let avx512: UInt32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31
        return saved & 0xE6 == 0xE6 && extended & avx512 == avx512 ? .avx512 : .avx2
      #else
        return .narrow
      #endif
    }
  }

  /// The core that OpenBLAS should be told to use; `nil` where the user has chosen, or where its own
  /// choice cannot be too narrow. A build without that core ignores it.
  static func wanted(vectors: Vectors, environment: String?) -> String? {
    guard environment == nil || environment?.isEmpty == true else { return nil }
    return switch vectors {
    case .narrow: nil
    case .avx2: "HASWELL"
    case .avx512: "SKYLAKEX"
    }
  }
}
