/// Sums over pairs of finite elements, from which every figure of a tap is computed.
///
/// Reference values enter minus a pivot near their mean, so that the variance does not cancel
/// where |mean| ≫ σ; with d = x − r everything about x follows from r and d.
struct FigureSums: Sendable {
  var count = 0
  var shifted = 0.0
  var shiftedSquared = 0.0
  var difference = 0.0
  var differenceSquared = 0.0
  var product = 0.0
  var maxAbs = 0.0
  var maxIndex = 0
  var nonFinite = 0
  var nonFiniteReference = 0

  /// Adds the sums of a later chunk; the earlier of two equal maxima stays.
  mutating func merge(_ other: FigureSums) {
    count += other.count
    shifted += other.shifted
    shiftedSquared += other.shiftedSquared
    difference += other.difference
    differenceSquared += other.differenceSquared
    product += other.product
    nonFinite += other.nonFinite
    nonFiniteReference += other.nonFiniteReference
    if other.maxAbs > maxAbs {
      maxAbs = other.maxAbs
      maxIndex = other.maxIndex
    }
  }
}

/// An element type that the pass reads; wider than its storage only in registers.
protocol FigureElement: Sendable {
  /// The value at `index`, exact in Float64.
  static func load(_ base: UnsafeRawPointer, _ index: Int) -> Double
  /// Four values from `index` on.
  static func load4(_ base: UnsafeRawPointer, _ index: Int) -> SIMD4<Double>
}

enum Float32Element: FigureElement {
  @inline(__always)
  static func load(_ base: UnsafeRawPointer, _ index: Int) -> Double {
    Double(base.loadUnaligned(fromByteOffset: index &* 4, as: Float.self))
  }
  @inline(__always)
  static func load4(_ base: UnsafeRawPointer, _ index: Int) -> SIMD4<Double> {
    SIMD4<Double>(base.loadUnaligned(fromByteOffset: index &* 4, as: SIMD4<Float>.self))
  }
}

enum Float64Element: FigureElement {
  @inline(__always)
  static func load(_ base: UnsafeRawPointer, _ index: Int) -> Double {
    base.loadUnaligned(fromByteOffset: index &* 8, as: Double.self)
  }
  @inline(__always)
  static func load4(_ base: UnsafeRawPointer, _ index: Int) -> SIMD4<Double> {
    base.loadUnaligned(fromByteOffset: index &* 8, as: SIMD4<Double>.self)
  }
}

/// Lane by lane the larger; the first where either is NaN. One compare and one select, where the
/// standard library's function goes lane by lane.
@inline(__always)
func larger(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> {
  a.replacing(with: b, where: b .> a)
}

/// The sums over `range`: vectorised, and again element by element where something is not finite.
@inline(__always)
func figureSums<R: FigureElement, X: FigureElement>(
  _ reference: UnsafeRawPointer, _: R.Type, _ candidate: UnsafeRawPointer, _: X.Type,
  range: Range<Int>, pivot: Double
) -> FigureSums {
  var s = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
  var product = SIMD4<Double>.zero
  var largest = SIMD4<Double>.zero
  let shift = SIMD4<Double>(repeating: pivot)
  let vectorEnd = range.lowerBound + range.count / 4 * 4
  var i = range.lowerBound
  while i < vectorEnd {
    let r = R.load4(reference, i)
    let d = X.load4(candidate, i) - r
    let t = r - shift
    s.0 += t
    s.1 += t * t
    s.2 += d
    s.3 += d * d
    product += t * d
    largest = larger(largest, larger(d, -d))
    i &+= 4
  }
  var sums = FigureSums()
  sums.shifted = s.0.sum()
  sums.shiftedSquared = s.1.sum()
  sums.difference = s.2.sum()
  sums.differenceSquared = s.3.sum()
  sums.product = product.sum()
  sums.maxAbs = largest.max()
  sums.count = range.count
  while i < range.upperBound {
    let r = R.load(reference, i)
    let d = X.load(candidate, i) - r
    sums.shifted += r - pivot
    sums.shiftedSquared += (r - pivot) * (r - pivot)
    sums.difference += d
    sums.differenceSquared += d * d
    sums.product += (r - pivot) * d
    sums.maxAbs = max(sums.maxAbs, abs(d))
    i &+= 1
  }
  let isFinite = (sums.shiftedSquared + sums.differenceSquared + sums.product).isFinite
  guard isFinite else {
    return maskedFigureSums(reference, R.self, candidate, X.self, range: range, pivot: pivot)
  }
  guard sums.maxAbs > 0 else { return sums }
  for i in range where abs(X.load(candidate, i) - R.load(reference, i)) == sums.maxAbs {
    sums.maxIndex = i
    break
  }
  return sums
}

/// The sums over pairs that are both finite, counting the others.
private func maskedFigureSums<R: FigureElement, X: FigureElement>(
  _ reference: UnsafeRawPointer, _: R.Type, _ candidate: UnsafeRawPointer, _: X.Type,
  range: Range<Int>, pivot: Double
) -> FigureSums {
  var sums = FigureSums()
  for i in range {
    let r = R.load(reference, i)
    let x = X.load(candidate, i)
    if !r.isFinite { sums.nonFiniteReference += 1 }
    if !x.isFinite { sums.nonFinite += 1 }
    guard r.isFinite && x.isFinite else { continue }
    let d = x - r
    sums.count += 1
    sums.shifted += r - pivot
    sums.shiftedSquared += (r - pivot) * (r - pivot)
    sums.difference += d
    sums.differenceSquared += d * d
    sums.product += (r - pivot) * d
    if abs(d) > sums.maxAbs {
      sums.maxAbs = abs(d)
      sums.maxIndex = i
    }
  }
  return sums
}
