/// The reference's loops for the `avx2` instruction set.

package import ReferenceArithmetic

extension ReferenceArithmetic {
  package static var avx2: ReferenceArithmetic { loops("avx2") }
}
