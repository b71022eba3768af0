import BLASAVX2
import BLASAVX512
import BLASArithmetic
import BLASPortable

/// Which instruction set the loops between the products run on.
extension BLASArithmetic {
  /// The widest that processor and operating system know.
  static let best: BLASArithmetic = all[0]

  /// Every one that runs here, the widest first.
  static let all: [BLASArithmetic] =
    switch OpenBLASCore.Vectors.ofThisProcessor {
    case .avx512: [.avx512, .avx2, .portable]
    case .avx2: [.avx2, .portable]
    case .narrow: [.portable]
    }
}
