/// One way in which front-ends of ports really differ, as a change of the chain's options.

/// A named change. Changes of different faults touch different options wherever the faults are
/// independent, so that pairs are made by applying both.
package struct FrontEndFault: Sendable {
  /// Kebab-case name, stable.
  package let slug: String
  /// A fitted quantity, as text; empty where the slug says everything.
  package let value: String
  /// Numbers in the published catalogue of real faults; empty where it has none.
  package let ids: [Int]
  /// The first tap that it changes.
  package let tap: FrontEndTap
  /// What the port does, in one line.
  package let summary: String
  /// A deliberate difference: named, never reported as a bug.
  package let isBenign: Bool
  /// What to change in the port, in one line.
  package let remedy: String
  /// Makes right options faulty.
  package let change: @Sendable (inout FrontEndOptions) -> Void

  init(
    _ slug: String, value: String = "", ids: [Int] = [], at tap: FrontEndTap, _ summary: String,
    remedy: String, isBenign: Bool = false,
    change: @escaping @Sendable (inout FrontEndOptions) -> Void
  ) {
    self.slug = slug
    self.value = value
    self.ids = ids
    self.tap = tap
    self.summary = summary
    self.isBenign = isBenign
    self.remedy = remedy
    self.change = change
  }

  /// `slug=value`, or the slug alone.
  package var name: String { value.isEmpty ? slug : "\(slug)=\(value)" }

  /// The chain with this fault alone.
  package var options: FrontEndOptions { applied(to: .whisper) }

  /// `options` with this fault on top.
  package func applied(to options: FrontEndOptions) -> FrontEndOptions {
    var changed = options
    change(&changed)
    return changed
  }
}

extension FrontEndOptions {
  /// Every front-end fault, in the order of the data's road: neighbours share costly stages.
  package static let catalogue: [FrontEndFault] =
    FrontEndFaults.decoding + FrontEndFaults.samples + FrontEndFaults.frames
    + FrontEndFaults.windows + FrontEndFaults.spectrum + FrontEndFaults.scales
    + FrontEndFaults.filters + FrontEndFaults.logarithm + FrontEndFaults.range
    + FrontEndFaults.layout + FrontEndFaults.profiles

  /// The fault called `slug`.
  package static func fault(named slug: String) -> FrontEndFault? {
    catalogue.first { $0.slug == slug }
  }
}

/// The catalogue's parts; see the files beside this one.
enum FrontEndFaults {}
