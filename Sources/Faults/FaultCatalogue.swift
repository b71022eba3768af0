package import EncoderModel

/// Every encoder fault, and how `--inject` finds one.
package enum FaultCatalogue {
  /// In the order of the data's road.
  package static let all: [Fault] =
    StemFaults.all + OperatorFaults.all + StructureFaults.all + PrecisionFaults.all

  /// The fault called `slug`.
  package static func fault(named slug: String) -> Fault? { all.first { $0.slug == slug } }

  /// Every fault at every site with every value that a search tries.
  package static func instances(in program: EncoderProgram) -> [FaultInstance] {
    all.flatMap { instances(of: $0, in: program) }
  }

  /// One fault at every site with every value that a search tries.
  package static func instances(of fault: Fault, in program: EncoderProgram) -> [FaultInstance] {
    fault.sites(program).flatMap { site -> [FaultInstance] in
      guard let parameter = fault.parameter else {
        return [FaultInstance(fault: fault, site: site)]
      }
      return parameter.candidates(program, site).map {
        FaultInstance(fault: fault, site: site, value: $0)
      }
    }
  }

  /// Reads `FAULT[=VALUE][@TAP]`; TAP may be a glob, and without it the fault's default sites are
  /// meant.
  /// - Throws: `FaultError`, with the nearest name where one is unknown.
  package static func parse(
    _ text: String, program: EncoderProgram
  ) throws(FaultError) -> [FaultInstance] {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    var head = String(parts[0])
    var tap = parts.count > 1 ? String(parts[1]) : nil
    var valueText: String?
    for separator in [head, tap ?? ""].enumerated() where separator.element.contains("=") {
      let pieces = separator.element.split(separator: "=", maxSplits: 1)
      valueText = pieces.count > 1 ? String(pieces[1]) : ""
      if separator.offset == 0 {
        head = String(pieces.first ?? "")
      } else {
        tap = pieces.first.map(String.init)
      }
    }
    guard let fault = fault(named: head) else {
      throw .unknownFault(head, nearest: nearestName(to: head, among: all.map(\.slug)))
    }
    let value = try checkedValue(valueText, of: fault, program: program)
    return try sites(of: fault, matching: tap, program: program).map {
      FaultInstance(fault: fault, site: $0, value: value)
    }
  }

  private static func checkedValue(
    _ text: String?, of fault: Fault, program: EncoderProgram
  ) throws(FaultError) -> FaultValue? {
    guard let text else { return nil }
    guard let parameter = fault.parameter else { throw .noParameter(fault.slug) }
    let value: FaultValue =
      if case .word = parameter.defaultValue { .word(text) } else { FaultValue(parsing: text) }
    if let complaint = parameter.complaint(value, program) {
      throw .badValue(fault: fault.slug, value: text, complaint: complaint)
    }
    return value
  }

  private static func sites(
    of fault: Fault, matching tap: String?, program: EncoderProgram
  ) throws(FaultError) -> [String] {
    let sites = fault.sites(program)
    guard !sites.isEmpty else { throw .noSites(fault.slug) }
    if let tap {
      let matching = sites.filter { globMatches(tap, $0) }
      guard !matching.isEmpty else {
        throw .badSite(
          fault: fault.slug, site: tap, nearest: nearestName(to: tap, among: sites),
          isTap: program.node(named: tap) != nil)
      }
      return matching
    }
    switch fault.defaultSites {
    case .all: return sites
    case .middle: return [sites[sites.count / 2]]
    case .only(let site): return sites.contains(site) ? [site] : [sites[0]]
    }
  }
}

/// What can be wrong with an `--inject` argument.
package enum FaultError: Error, CustomStringConvertible {
  case unknownFault(String, nearest: String?)
  case badSite(fault: String, site: String, nearest: String?, isTap: Bool)
  case noSites(String)
  case noParameter(String)
  case badValue(fault: String, value: String, complaint: String)

  package var description: String {
    switch self {
    case .unknownFault(let slug, let nearest):
      "unknown fault '\(slug)'\(suggestion(nearest)); 'encoder-diff faults' lists all"
    case .badSite(let fault, let site, let nearest, let isTap):
      (isTap ? "fault '\(fault)' cannot sit at '\(site)'" : "unknown tap '\(site)'")
        + "\(suggestion(nearest)); 'encoder-diff faults \(fault)' lists its sites"
    case .noSites(let fault): "fault '\(fault)' has no site in this model"
    case .noParameter(let fault): "fault '\(fault)' takes no value"
    case .badValue(let fault, let value, let complaint):
      "fault '\(fault)': '\(value)' does not fit: \(complaint)"
    }
  }

  private func suggestion(_ nearest: String?) -> String {
    nearest.map { "; did you mean '\($0)'?" } ?? ""
  }
}
