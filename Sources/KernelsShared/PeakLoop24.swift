/// The loop that the FMA peak is measured with, where there are 32 vector registers.

/// Rounds of independent fused multiply-adds on as many accumulators as the tile has.
/// - Returns: how many floating-point operations that were.
@inline(never)
func spinFMA(_ iterations: Int) -> Double {
  let factor = Vector(repeating: 0.999_999)
  let addend = Vector(repeating: 1e-6)
  var x0 = Vector(repeating: 1)
  var x1 = Vector(repeating: 2)
  var x2 = Vector(repeating: 3)
  var x3 = Vector(repeating: 4)
  var x4 = Vector(repeating: 5)
  var x5 = Vector(repeating: 6)
  var x6 = Vector(repeating: 7)
  var x7 = Vector(repeating: 8)
  var x8 = Vector(repeating: 9)
  var x9 = Vector(repeating: 10)
  var x10 = Vector(repeating: 11)
  var x11 = Vector(repeating: 12)
  var x12 = Vector(repeating: 13)
  var x13 = Vector(repeating: 14)
  var x14 = Vector(repeating: 15)
  var x15 = Vector(repeating: 16)
  var x16 = Vector(repeating: 17)
  var x17 = Vector(repeating: 18)
  var x18 = Vector(repeating: 19)
  var x19 = Vector(repeating: 20)
  var x20 = Vector(repeating: 21)
  var x21 = Vector(repeating: 22)
  var x22 = Vector(repeating: 23)
  var x23 = Vector(repeating: 24)
  var left = iterations
  while left > 0 {
    x0 = addend.addingProduct(x0, factor)
    x1 = addend.addingProduct(x1, factor)
    x2 = addend.addingProduct(x2, factor)
    x3 = addend.addingProduct(x3, factor)
    x4 = addend.addingProduct(x4, factor)
    x5 = addend.addingProduct(x5, factor)
    x6 = addend.addingProduct(x6, factor)
    x7 = addend.addingProduct(x7, factor)
    x8 = addend.addingProduct(x8, factor)
    x9 = addend.addingProduct(x9, factor)
    x10 = addend.addingProduct(x10, factor)
    x11 = addend.addingProduct(x11, factor)
    x12 = addend.addingProduct(x12, factor)
    x13 = addend.addingProduct(x13, factor)
    x14 = addend.addingProduct(x14, factor)
    x15 = addend.addingProduct(x15, factor)
    x16 = addend.addingProduct(x16, factor)
    x17 = addend.addingProduct(x17, factor)
    x18 = addend.addingProduct(x18, factor)
    x19 = addend.addingProduct(x19, factor)
    x20 = addend.addingProduct(x20, factor)
    x21 = addend.addingProduct(x21, factor)
    x22 = addend.addingProduct(x22, factor)
    x23 = addend.addingProduct(x23, factor)
    left &-= 1
  }
  let s0 = x0 + x1 + x2 + x3
  let s1 = x4 + x5 + x6 + x7
  let s2 = x8 + x9 + x10 + x11
  let s3 = x12 + x13 + x14 + x15
  let s4 = x16 + x17 + x18 + x19
  let s5 = x20 + x21 + x22 + x23
  let total = s0 + s1 + s2 + s3 + s4 + s5
  // The sum is used, so that the loop cannot be thrown away.
  let flops = Double(iterations) * 24 * Double(lanes) * 2
  return total[0].isNaN ? 0 : flops
}
