#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers as people read them in tables.
package enum Numbers {
  /// `2.84e-07` style with `digits` significant digits, exponents without padding: `2.8e-7`; plain,
  /// `0.57`, where that is as short.
  package static func scientific(_ value: Double?, digits: Int = 2) -> String {
    guard let value else { return "–" }
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞" }
    if value == 0 { return "0" }
    let magnitude = abs(value)
    if magnitude >= 0.01 && magnitude < 1000 {
      let whole = Int(magnitude.logarithm.rounded(.down)) + 1
      return fixed(value, decimals: max(digits - whole, 0))
    }
    let text = printed("%.\(digits - 1)e", value)
    guard let split = text.firstIndex(of: "e"),
      let exponent = Int(text[text.index(after: split)...])
    else { return text }
    return "\(text[..<split])e\(exponent)"
  }

  /// `1 window`, `12,000 windows`.
  package static func counted(_ count: Int, _ noun: String) -> String {
    "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
  }

  /// A fixed number of decimals.
  package static func fixed(_ value: Double?, decimals: Int) -> String {
    guard let value else { return "–" }
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞" }
    return printed("%.\(decimals)f", value)
  }

  /// Fixed where that shows `digits` digits in few characters, scientific elsewhere.
  package static func compact(_ value: Double?, digits: Int = 3) -> String {
    guard let value, value.isFinite, value != 0 else { return fixed(value, decimals: 0) }
    let magnitude = abs(value)
    guard magnitude >= 1e-3, magnitude < 1e5 else { return scientific(value, digits: digits) }
    let whole = Int(magnitude.logarithm.rounded(.down)) + 1
    return fixed(value, decimals: max(digits - whole, 0))
  }

  /// Counts with thin groups: `1,536`.
  package static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return value < 0 ? "-" + result : result
  }

  private static func printed(_ format: String, _ value: Double) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    let length = withVaList([value]) { vsnprintf(&buffer, buffer.count, format, $0) }
    return String(
      decoding: buffer.prefix(max(Int(length), 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension Double {
  /// Decimal logarithm.
  var logarithm: Double { log10(self) }
}
