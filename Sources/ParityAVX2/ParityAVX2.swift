/// The comparison's loops for the `avx2` instruction set.

package import ParityArithmetic

extension ParityArithmetic {
  package static var avx2: ParityArithmetic { loops("avx2") }
}
