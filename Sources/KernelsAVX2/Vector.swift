/// The vector that this instruction set computes with: a ymm register.
typealias Vector = SIMD8<Float>
typealias IntegerVector = SIMD8<Int32>
