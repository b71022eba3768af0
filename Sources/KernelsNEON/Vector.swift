/// The vector that this instruction set computes with: a q register.
typealias Vector = SIMD4<Float>
typealias IntegerVector = SIMD4<Int32>
