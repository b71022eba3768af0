import KernelTable
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("exp, erf and GELU over all of Float32, against Float64")
struct FunctionTests {
  static let values = floats(step: 3001)

  @Test("exp: 1.5 ulp where normal, 0 below, ∞ above", arguments: testedTables.map(\.name))
  func exponential(name: String) throws {
    let table = try #require(testedTables.first { $0.name == name })
    let results = apply(table.exponential, to: Self.values)
    var worst = 0.0
    for (x, y) in zip(Self.values, results) {
      let exact = exp(Double(x))
      if x < -87.33654 {
        #expect(y == 0, "\(x)")
      } else if exact > Double(Float.greatestFiniteMagnitude) {
        #expect(y == .infinity, "\(x)")
      } else {
        worst = max(worst, unitsInLastPlace(y, exact))
      }
    }
    #expect(worst < 1.5)
  }

  @Test("erf: 2 ulp", arguments: testedTables.map(\.name))
  func errorFunction(name: String) throws {
    let table = try #require(testedTables.first { $0.name == name })
    let results = apply(table.errorFunction, to: Self.values)
    var worst = 0.0
    for (x, y) in zip(Self.values, results) where abs(x) > 0x1p-124 || x == 0 || x.isNaN {
      worst = max(worst, unitsInLastPlace(y, erf(Double(x))))
    }
    #expect(worst < 2)
  }

  @Test("GELU: 5 ulp above zero, 6 ulp below", arguments: testedTables.map(\.name))
  func gelu(name: String) throws {
    let table = try #require(testedTables.first { $0.name == name })
    let results = apply(table.gelu, to: Self.values)
    var worst = 0.0
    var tail = 0.0
    for (x, y) in zip(Self.values, results) {
      let value = Double(x)
      let exact = x == -.infinity ? -0.0 : 0.5 * value * erfc(-value * 0.5.squareRoot())
      // Results below the normal range of Float are flushed or rounded to it.
      if abs(exact) < 0x1p-120 && x != 0 {
        #expect(abs(y) < 0x1p-118, "\(x)")
      } else if x < 0 {
        tail = max(tail, unitsInLastPlace(y, exact))
      } else {
        worst = max(worst, unitsInLastPlace(y, exact))
      }
    }
    #expect(worst < 5)
    #expect(tail < 6)
  }

  @Test("a NaN of any payload stays one", arguments: testedTables.map(\.name))
  func payloads(name: String) throws {
    let table = try #require(testedTables.first { $0.name == name })
    let values = (0..<64).map { Float(bitPattern: 0x7FC0_0000 | (UInt32($0) * 7919) & 0x3F_FFFF) }
    for kernel in [table.exponential, table.errorFunction, table.gelu, table.softmax] {
      #expect(apply(kernel, to: values).isAllNaN)
    }
  }
}
