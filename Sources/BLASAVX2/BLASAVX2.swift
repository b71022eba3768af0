/// The BLAS backend's loops for the `avx2` instruction set.

package import BLASArithmetic

extension BLASArithmetic {
  package static let avx2 = loops("avx2")
}
