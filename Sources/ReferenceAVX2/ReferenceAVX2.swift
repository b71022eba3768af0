/// The reference's loops for the `avx2` instruction set.

package import ReferenceArithmetic

extension ReferenceArithmetic {
  package static let avx2 = loops("avx2")
}
