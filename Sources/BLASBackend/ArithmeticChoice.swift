/// Which instruction set the loops between the products run on.
import BLASAVX2
import BLASAVX512
import BLASArithmetic
import BLASPortable
import Processor

extension BLASArithmetic {
  /// The widest that processor and operating system know.
  static let best: BLASArithmetic = all[0]

  /// Every one that runs here, the widest first.
  static let all: [BLASArithmetic] = VectorExtension.ofThisProcessor.choose(
    avx512: avx512, avx2: avx2, baseline: portable)
}
