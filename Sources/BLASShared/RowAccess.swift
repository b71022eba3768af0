/// Loads and stores of vectors; everything here is inlined into the loops.

/// Elements of a vector.
let lanes = Vector.scalarCount

@inline(__always)
func load(_ address: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

@inline(__always)
func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
}

/// The first `count` elements, and `fill` in the other lanes.
@inline(__always)
func load(_ address: UnsafePointer<Float>, first count: Int, fill: Float) -> Vector {
  if count >= lanes { return load(address) }
  var vector = Vector(repeating: fill)
  for lane in 0..<count { vector[lane] = address[lane] }
  return vector
}

/// Stores the first `count` lanes only.
@inline(__always)
func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>, first count: Int) {
  if count >= lanes { return store(vector, address) }
  for lane in 0..<count { address[lane] = vector[lane] }
}
