/// The vector that this instruction set computes with: a zmm register.
typealias Vector = SIMD16<Float>
typealias IntegerVector = SIMD16<Int32>
