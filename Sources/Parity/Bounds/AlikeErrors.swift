/// Errors of one element that add up instead of averaging out, as they are one error many times over;
/// in units of u.
///
/// Adding t to a partial sum s rounds to a multiple of the spacing of s. As s is such a multiple
/// itself, what is lost depends on t alone for as long as s stays in its binade: equal terms are
/// rounded alike, and n of them err by up to n/2·u·s, not by √(n/3)·u·s. An addition never loses more
/// than t itself. Products of equal factors err alike too.
///
/// Errors add linearly within a group of equal terms, L = Σ min(|sₖ|, |tₖ|/u) + Σ|tₖ|, and in
/// quadrature between groups: the element is allowed λu·√(V + ΣL²), and in no case more than
/// λu·√V + u·ΣL, the worst that rounding can do. Terms are equal where they differ by less than the
/// spacing of the largest partial sum, 2u·max|s|.
struct AlikeErrors: Sendable {
  /// ΣL² over groups of two terms and more.
  private(set) var squares = 0.0
  /// ΣL.
  private(set) var sum = 0.0

  /// Adds a group whose errors amount to `size` at most.
  mutating func add(_ size: Double) {
    squares += size * size
    sum += size
  }

  /// Adds the groups of another sum, whose errors reach the element with this weight.
  mutating func add(_ other: AlikeErrors, weight: Double) {
    squares += other.squares * weight * weight
    sum += other.sum * abs(weight)
  }

  /// The variance that stands for V and these errors in a test of λ = `deviations`.
  func total(variance: Double, deviations: Double) -> Double {
    let linear = variance.squareRoot() + sum / deviations
    return min(variance + squares, linear * linear)
  }
}

/// What the error of one element may be, from its own terms, in units of u.
struct ElementAllowance: Sendable {
  /// V, of errors that are independent.
  var variance: Double
  var alike = AlikeErrors()
}

extension ProductTerms {
  /// The groups of equal terms of the sum, in whatever order it is added: in natural order, or an
  /// exchangeable one, where a partial sum is |s|/2 on average, if that is worse.
  func alike(unit: Double) -> AlikeErrors {
    struct Group {
      var count = 0.0
      var partials = 0.0
      var size = 0.0

      mutating func add(_ term: Double, _ partial: Double) {
        count += 1
        partials += abs(partial)
        size += abs(term)
      }
    }
    var partial = start
    var largest = abs(start)
    for term in terms {
      partial += term
      largest = max(largest, abs(partial))
    }
    var errors = AlikeErrors()
    let spacing = 2 * unit * largest
    guard spacing > 0, spacing.isFinite else { return errors }
    var groups: [Double: Group] = [:]
    partial = start
    // What is a multiple of the spacing, as 1 is in a softmax and zero anywhere, is added exactly.
    let grid = 2 * unit * largest.binade
    for term in terms {
      partial += term
      guard term.remainder(dividingBy: grid) != 0 else { continue }
      groups[(term / spacing).rounded(), default: Group()].add(term, partial)
    }
    for key in groups.keys.sorted() {
      guard let group = groups[key], group.count > 1 else { continue }
      let additions = max(group.partials, group.count * abs(sum) / 2)
      errors.add(min(additions, group.size / unit) + group.size)
    }
    return errors
  }
}
