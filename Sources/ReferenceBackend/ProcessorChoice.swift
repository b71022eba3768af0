/// Which instruction set the reference's loops run on.
import CProcessor
import ReferenceAVX2
import ReferenceAVX512
package import ReferenceArithmetic
import ReferencePortable

extension ReferenceArithmetic {
  /// The widest that processor and operating system know.
  package static let best: ReferenceArithmetic = all[0]

  /// Every one that runs here, the widest first.
  package static let all: [ReferenceArithmetic] = {
    #if arch(x86_64)
      let osxsaveAndFMA: UInt32 = 1 << 27 | 1 << 12
      guard encoder_diff_cpuid(1, 0, 2) & osxsaveAndFMA == osxsaveAndFMA else { return [.portable] }
      let saved = encoder_diff_xcr0()
      let extended = encoder_diff_cpuid(7, 0, 1)
      guard saved & 0x6 == 0x6, extended & (1 << 5) != 0 else { return [.portable] }
      // AVX512 F, DQ, CD, BW and VL: what -march=skylake-avx512 may emit.
      let avx512: UInt32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31
      guard saved & 0xE6 == 0xE6, extended & avx512 == avx512 else { return [.avx2, .portable] }
      return [.avx512, .avx2, .portable]
    #else
      return [.portable]
    #endif
  }()
}
