/// Sum and largest of the lanes of a vector.
///
/// In place of the standard library's generic functions: what the compiler specialises of those for one
/// instruction set may be merged with what another module needs of them.

@inline(__always)
func total(_ vector: Vector) -> Vector.Scalar {
  var sum = vector[0]
  for lane in 1..<lanes { sum += vector[lane] }
  return sum
}

/// Lanes that are NaN do not count, unless it is the first.
@inline(__always)
func largestLane(_ vector: Vector) -> Vector.Scalar {
  var result = vector[0]
  for lane in 1..<lanes where vector[lane] > result { result = vector[lane] }
  return result
}
