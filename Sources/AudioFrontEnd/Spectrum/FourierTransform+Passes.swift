/// The passes of the mixed-radix transform: one butterfly loop for each radix.

extension FourierTransform {
  /// Transforms `real` + i·`imaginary` in place of the buffers.
  /// - Returns: the buffers, swapped where needed, so that `real` and `imaginary` hold the result.
  func transform(_ buffers: FourierBuffers) -> FourierBuffers {
    if let chirp { return chirp.transform(buffers) }
    var current = buffers
    var stride = 1
    cosines.withUnsafeBufferPointer { c in
      sines.withUnsafeBufferPointer { s in
        for radix in radices {
          let groups = length / (stride * radix)
          let pass = Pass(
            buffers: current, stride: stride, groups: groups, length: length,
            cosines: c, sines: s)
          switch radix {
          case 2: pass.radix2()
          case 4: pass.radix4()
          case 5: pass.radix5()
          default: pass.anyRadix(radix)
          }
          stride *= radix
          current = current.swapped
        }
      }
    }
    return current
  }
}

/// One pass: `y[q + s(r·p + k)] = w^(pk) · Σⱼ x[q + s(p + m·j)] · e^(−2πi·jk/r)`,
/// with stride s, groups m, radix r and w = e^(−2πi·s/N).
private struct Pass {
  typealias Lanes = FourierTransform.Lanes
  let buffers: FourierBuffers
  let stride: Int
  let groups: Int
  let length: Int
  let cosines: UnsafeBufferPointer<Double>
  let sines: UnsafeBufferPointer<Double>

  private struct Complex {
    var re: Lanes
    var im: Lanes
    @inline(__always) static func + (a: Complex, b: Complex) -> Complex {
      Complex(re: a.re + b.re, im: a.im + b.im)
    }
    @inline(__always) static func - (a: Complex, b: Complex) -> Complex {
      Complex(re: a.re - b.re, im: a.im - b.im)
    }
    @inline(__always) static func * (a: Complex, b: Double) -> Complex {
      Complex(re: a.re * b, im: a.im * b)
    }
    /// The product with −i.
    @inline(__always) var turnedBack: Complex { Complex(re: im, im: -re) }
  }

  @inline(__always) private func load(_ index: Int) -> Complex {
    Complex(re: buffers.real[index], im: buffers.imaginary[index])
  }

  /// Stores `value`·e^(−2πi·turn/N).
  @inline(__always) private func store(_ value: Complex, at index: Int, turn: Int) {
    let c = cosines[turn]
    let s = sines[turn]
    buffers.spareReal[index] = value.re * c + value.im * s
    buffers.spareImaginary[index] = value.im * c - value.re * s
  }

  func radix2() {
    for p in 0..<groups {
      for q in 0..<stride {
        let a = load(q &+ stride &* p)
        let b = load(q &+ stride &* (p &+ groups))
        let out = q &+ stride &* 2 &* p
        store(a + b, at: out, turn: 0)
        store(a - b, at: out &+ stride, turn: p &* stride)
      }
    }
  }

  func radix4() {
    for p in 0..<groups {
      let turn = p &* stride
      for q in 0..<stride {
        let base = q &+ stride &* p
        let step = stride &* groups
        let x0 = load(base)
        let x1 = load(base &+ step)
        let x2 = load(base &+ 2 &* step)
        let x3 = load(base &+ 3 &* step)
        let even = x0 + x2
        let oddEven = x0 - x2
        let odd = x1 + x3
        let oddOdd = (x1 - x3).turnedBack
        let out = q &+ stride &* 4 &* p
        store(even + odd, at: out, turn: 0)
        store(oddEven + oddOdd, at: out &+ stride, turn: turn)
        store(even - odd, at: out &+ 2 &* stride, turn: 2 &* turn)
        store(oddEven - oddOdd, at: out &+ 3 &* stride, turn: 3 &* turn)
      }
    }
  }

  func radix5() {
    let (c1, s1) = FourierTransform.turn(1, of: 5)
    let (c2, s2) = FourierTransform.turn(2, of: 5)
    for p in 0..<groups {
      let turn = p &* stride
      for q in 0..<stride {
        let base = q &+ stride &* p
        let step = stride &* groups
        let x0 = load(base)
        let x1 = load(base &+ step)
        let x2 = load(base &+ 2 &* step)
        let x3 = load(base &+ 3 &* step)
        let x4 = load(base &+ 4 &* step)
        let sum1 = x1 + x4
        let sum2 = x2 + x3
        let difference1 = (x1 - x4).turnedBack
        let difference2 = (x2 - x3).turnedBack
        let a1 = x0 + sum1 * c1 + sum2 * c2
        let a2 = x0 + sum1 * c2 + sum2 * c1
        let b1 = difference1 * s1 + difference2 * s2
        let b2 = difference1 * s2 - difference2 * s1
        let out = q &+ stride &* 5 &* p
        store(x0 + sum1 + sum2, at: out, turn: 0)
        store(a1 + b1, at: out &+ stride, turn: turn)
        store(a2 + b2, at: out &+ 2 &* stride, turn: 2 &* turn)
        store(a2 - b2, at: out &+ 3 &* stride, turn: 3 &* turn)
        store(a1 - b1, at: out &+ 4 &* stride, turn: 4 &* turn)
      }
    }
  }

  /// The definition, for primes that have no butterfly of their own.
  func anyRadix(_ radix: Int) {
    let roots = (0..<radix).map { FourierTransform.turn($0, of: radix) }
    for p in 0..<groups {
      for q in 0..<stride {
        for k in 0..<radix {
          var sum = Complex(re: .zero, im: .zero)
          for j in 0..<radix {
            let x = load(q + stride * (p + groups * j))
            let root = roots[j * k % radix]
            sum = sum + x * root.cosine + x.turnedBack * root.sine
          }
          store(sum, at: q + stride * (radix * p + k), turn: p * k * stride)
        }
      }
    }
  }
}
