import EncoderModel
import Faults
import Parity

/// What a fault must be called where it shows: of a number format, or structural.
enum ExpectedVerdict: Equatable {
  case structural
  case reducedPrecision(NumberFormat)
  /// Attention maps rounded between products: of the format where its products err alike, else
  /// structural, as no way of rounding products reproduces them.
  case roundedMaps(NumberFormat)
  /// Several faults at one tap.
  case any

  /// Faults that round say to which format, in their slug or in their value.
  init(_ instance: FaultInstance) {
    let slug = instance.fault.slug
    if slug.hasSuffix("-products"), let format = NumberFormat(rawValue: String(slug.dropLast(9))) {
      self = .reducedPrecision(format)
    } else if Self.namingTheirFormat.contains(slug) {
      let format = OperandCoding(name: instance.value.word)?.format
      self = format.map { .reducedPrecision($0) } ?? .structural
    } else if slug == "operands-quantized", let format = instance.numberFormat {
      self = .reducedPrecision(format)
    } else if slug == "attention-maps-rounded" {
      self = NumberFormat(rawValue: instance.value.word).map { .roundedMaps($0) } ?? .structural
    } else {
      self = .structural
    }
  }

  private static let namingTheirFormat: Set<String> = [
    "activations-rounded", "weights-rounded", "weights-quantized", "computed-in",
  ]

  /// Whether `verdict` says so. Values that an f16 rounds as tf32 does are of either; NaN and ∞ are
  /// found as such whatever made them.
  func accepts(_ verdict: TapVerdict) -> Bool {
    switch (self, verdict) {
    case (.any, _), (_, .nonFinite): true
    case (.structural, .structural), (.roundedMaps, .structural): true
    case (.roundedMaps(let wanted), .reducedPrecision(let found)): wanted == found
    case (.reducedPrecision(.tf32), .reducedPrecision(.float16)): true
    case (.reducedPrecision(let wanted), .reducedPrecision(let found)): wanted == found
    default: false
    }
  }
}
