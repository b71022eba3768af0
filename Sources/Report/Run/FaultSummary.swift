/// Injected faults as people read them: `bf16-products at 34 taps`, not 34 names.
enum FaultSummary {
  /// Groups `slug=value@tap` by what stands before the tap; those at one tap keep it.
  static func text(_ faults: [String]) -> String {
    var names: [String] = []
    var taps: [String: [String]] = [:]
    for fault in faults {
      let parts = fault.split(separator: "@", maxSplits: 1).map(String.init)
      let name = parts.first ?? fault
      if taps[name] == nil { names.append(name) }
      taps[name, default: []].append(parts.count > 1 ? parts[1] : "")
    }
    return names.map { name in
      let sites = taps[name] ?? []
      guard sites.count == 1, let site = sites.first else {
        return "\(name) at \(sites.count) taps"
      }
      return site.isEmpty ? name : "\(name)@\(site)"
    }.joined(separator: ", ")
  }
}
