#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers as findings show them.
enum Figure {
  /// Two significant digits: `2.8e-7`, `0.41`, `17`.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : "∞" }
    if value == 0 { return "0" }
    let exponent = Int(log10(abs(value)).rounded(.down))
    if exponent >= -2 && exponent < 4 {
      let scale = pow(10, Double(1 - exponent))
      let rounded = (value * scale).rounded() / scale
      return trimmed("\(rounded)")
    }
    var mantissa = (value / pow(10, Double(exponent)) * 10).rounded() / 10
    var power = exponent
    if abs(mantissa) >= 10 {
      mantissa /= 10
      power += 1
    }
    return "\(trimmed("\(mantissa)"))e\(power)"
  }

  private static func trimmed(_ text: String) -> String {
    text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
