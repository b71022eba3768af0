/// The BLAS backend's loops for the `avx2` instruction set.

package import BLASArithmetic

extension BLASArithmetic {
  package static var avx2: BLASArithmetic { loops("avx2") }
}
