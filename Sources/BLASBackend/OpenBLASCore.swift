import COpenBLAS
import CProcessor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which kernels OpenBLAS has chosen for this processor, and what to do where they are the wrong ones.
///
/// OpenBLAS chooses once, when it is loaded, by the processor's model number. A model that it does
/// not know gets SSE3 kernels, 3 to 10 times slower than what the processor could do.
package enum OpenBLASCore {
  /// The core as OpenBLAS calls it: `SkylakeX`, `Haswell`, `Prescott`, …
  package static var name: String {
    openblas_get_corename().map { String(cString: $0) } ?? "unknown"
  }

  /// The core that OpenBLAS should be told to use; `nil` where its own choice has the widest vectors
  /// that the processor offers, or the user has chosen.
  package static var correction: String? {
    correction(chosen: name, vectors: Vectors.ofThisProcessor, environment: value(of: variable))
  }

  private static let variable = "OPENBLAS_CORETYPE"
  /// Set in the program that was started again, so that it starts no third time.
  private static let marker = "ENCODER_DIFF_CORE_CORRECTED"

  /// Starts the program again with the right core where OpenBLAS has chosen wrongly: the choice
  /// is made before `main`, and only the environment can change it. Returns where nothing is wrong,
  /// or the system does not let it.
  package static func restartIfWrong(arguments: [String]) {
    guard value(of: marker) == nil, let core = correction else { return }
    setenv(variable, core, 1)
    setenv(marker, "1", 1)
    var pointers = arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &pointers)
    unsetenv(variable)
  }

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

  /// Cores whose kernels use 256-bit vectors and fused multiply-adds, and those with 512-bit ones.
  private static let wide: Set<String> = ["haswell", "zen", "excavator"]
  private static let wider: Set<String> = ["skylakex", "cooperlake", "sapphirerapids"]

  static func correction(chosen: String, vectors: Vectors, environment: String?) -> String? {
    guard environment == nil || environment?.isEmpty == true else { return nil }
    let core = chosen.lowercased()
    // AMD's 512-bit processors run Zen's 256-bit kernels at their full rate.
    let isSuitable =
      switch vectors {
      case .narrow: true
      case .avx2: wide.contains(core) || wider.contains(core)
      case .avx512: wider.contains(core) || core == "zen"
      }
    if isSuitable { return nil }
    return vectors == .avx512 ? "SKYLAKEX" : "HASWELL"
  }

  private static func value(of name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
