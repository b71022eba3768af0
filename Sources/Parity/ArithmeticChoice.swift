import ParityAVX2
import ParityAVX512
/// Which instruction set the comparison's loops run on.
package import ParityArithmetic
import ParityPortable
import Processor

extension ParityArithmetic {
  /// The widest that processor and operating system know.
  package static let best: ParityArithmetic = all[0]

  /// Every one that runs here, the widest first.
  package static let all: [ParityArithmetic] = VectorExtension.ofThisProcessor.choose(
    avx512: avx512, avx2: avx2, baseline: portable)
}
