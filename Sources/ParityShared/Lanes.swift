/// Eight lanes of Float64 whatever the registers' width.
///
/// Nothing here calls the standard library's generic functions of vectors: what is specialised for one
/// instruction set may be merged with what another one needs.

import CProcessor

typealias Lanes = SIMD8<Double>
let lanes = Lanes.scalarCount

@inline(__always)
func loadLanes(_ base: UnsafePointer<Double>, _ index: Int) -> Lanes {
  UnsafeRawPointer(base + index).loadUnaligned(as: Lanes.self)
}

@inline(__always)
func loadLanes(_ base: UnsafePointer<Float>, _ index: Int) -> Lanes {
  encoder_diff_widen(UnsafeRawPointer(base + index).loadUnaligned(as: SIMD8<Float>.self))
}

@inline(__always)
func storeLanes(_ values: Lanes, _ base: UnsafeMutablePointer<Double>, _ index: Int) {
  UnsafeMutableRawPointer(base + index).storeBytes(of: values, as: Lanes.self)
}

/// Stores each lane rounded to Float32.
@inline(__always)
func storeLanes(_ x: Lanes, _ base: UnsafeMutablePointer<Float>, _ index: Int) {
  UnsafeMutableRawPointer(base + index).storeBytes(
    of: encoder_diff_narrow(x), as: SIMD8<Float>.self)
}

/// Lane by lane the larger; the first where either is NaN. One compare and one select, where the
/// standard library's function goes lane by lane.
@inline(__always)
func larger(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .> a) }

@inline(__always)
func total(_ x: Lanes) -> Double {
  ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7]))
}

/// The largest lane; lanes that are NaN do not count.
@inline(__always)
func largestLane(_ x: Lanes) -> Double {
  var result = -Double.infinity
  for lane in 0..<lanes where x[lane] > result { result = x[lane] }
  return result
}
