/// Loads, stores and reductions of vectors; everything here is inlined into the kernels.

/// Elements of a vector.
let lanes = Vector.scalarCount
/// Columns of a packed panel.
let panelWidth = panelVectors * Vector.scalarCount
/// Terms of a sum's first level, a chain of fused multiply-adds. The error of a sum grows like the
/// root of what its partial sums hold: chains of 16 in pieces of 128 leave 0.64 of the error of
/// chains of 64 added one after the other; chains of 8 leave no less.
let chainLength = 16
/// The same in the weighted means of attention's values, whose rounding errors hardly show in the
/// encoder's output (2.95e-7 instead of 2.92e-7 of it), while half of the additions are saved.
let meanChainLength = 32
/// Terms of a sum's second level, a whole number of chains.
let pieceLength = 128

@inline(__always)
func load(_ address: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

@inline(__always)
func load(_ address: UnsafeMutablePointer<Float>) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

@inline(__always)
func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
}

/// The first `count` elements, and `fill` in the other lanes.
@inline(__always)
func loadPartial(_ address: UnsafePointer<Float>, _ count: Int, fill: Float = 0) -> Vector {
  if count >= lanes { return load(address) }
  var vector = Vector(repeating: fill)
  for lane in 0..<count { vector[lane] = address[lane] }
  return vector
}

/// Stores the first `count` lanes only.
@inline(__always)
func storePartial(_ vector: Vector, _ address: UnsafeMutablePointer<Float>, _ count: Int) {
  if count >= lanes { return store(vector, address) }
  for lane in 0..<count { address[lane] = vector[lane] }
}

/// The smaller of both; NaN where `value` is NaN.
@inline(__always)
func smaller(_ bound: Vector, _ value: Vector) -> Vector {
  value.replacing(with: bound, where: bound .< value)
}

/// |x|, the sign bit cleared.
@inline(__always)
func magnitude(_ x: Vector) -> Vector {
  let bits = unsafeBitCast(x, to: IntegerVector.self) & IntegerVector(repeating: 0x7FFF_FFFF)
  return unsafeBitCast(bits, to: Vector.self)
}

/// Sum of the lanes in Float64.
@inline(__always)
func sum(_ x: Vector) -> Double {
  var total = 0.0
  for lane in 0..<lanes { total += Double(x[lane]) }
  return total
}

/// Largest lane, halves against halves; which of NaN and a number wins is left open.
@inline(__always)
func largest(_ x: SIMD4<Float>) -> Float {
  let half = x.lowHalf.replacing(with: x.highHalf, where: x.highHalf .> x.lowHalf)
  return half[1] > half[0] ? half[1] : half[0]
}

@inline(__always)
func largest(_ x: SIMD8<Float>) -> Float {
  largest(x.lowHalf.replacing(with: x.highHalf, where: x.highHalf .> x.lowHalf))
}

@inline(__always)
func largest(_ x: SIMD16<Float>) -> Float {
  largest(x.lowHalf.replacing(with: x.highHalf, where: x.highHalf .> x.lowHalf))
}

/// Half a vector in Float64: exact.
@inline(__always)
func doubles(_ half: HalfVector) -> Doubles { Doubles(half) }

/// Rounded to Float32.
@inline(__always)
func floats(_ x: Doubles) -> HalfVector { HalfVector(x) }
