package import EncoderModel
package import Faults

/// Which faults are put in to see whether they are named: every one of the catalogue at its first,
/// middle and last site, with a listed value and with one that no list holds.
package struct MutationCases {
  let program: EncoderProgram
  /// What random values and pairs are drawn from.
  let seed: UInt64

  package init(program: EncoderProgram, seed: UInt64) {
    self.program = program
    self.seed = seed
  }

  /// One fault each.
  package func singles() -> [[FaultInstance]] {
    var cases: [[FaultInstance]] = []
    for fault in FaultCatalogue.all {
      let sites = fault.sites(program)
      var seen: Set<Int> = []
      for index in [0, sites.count / 2, sites.count - 1] where index >= 0 && !sites.isEmpty {
        guard seen.insert(index).inserted else { continue }
        for value in values(of: fault, at: sites[index]) {
          cases.append([FaultInstance(fault: fault, site: sites[index], value: value)])
        }
      }
    }
    return cases
  }

  /// Two faults each, drawn over all faults and sites; neither lies behind a bare transform of the
  /// same tensor, which would hide it.
  package func pairs(_ count: Int) -> [[FaultInstance]] {
    let singles = self.singles()
    guard singles.count > 1 else { return [] }
    var cases: [[FaultInstance]] = []
    var counter: UInt64 = 0
    func draw(_ count: Int) -> Int {
      counter += 1
      return Int(CounterHash.bits(seed: seed, stream: 11, counter: counter) % UInt64(count))
    }
    while cases.count < count, counter < UInt64(count) * 64 {
      let (a, b) = (singles[draw(singles.count)][0], singles[draw(singles.count)][0])
      let alone = [a, b].map { $0.applied(to: program) }
      let both = b.applied(to: alone[0])
      // Both must be in force at once.
      guard both != alone[0], both != alone[1], a.site != b.site else { continue }
      cases.append([a, b])
    }
    return cases
  }

  /// A listed value, and a random one where values can be fitted.
  private func values(of fault: Fault, at site: String) -> [FaultValue?] {
    guard let parameter = fault.parameter else { return [nil] }
    let listed = parameter.candidates(program, site)
    let stream = fault.slug.utf8.reduce(UInt64(site.utf8.count)) {
      ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    func random(_ index: UInt64) -> Double {
      CounterHash.uniform(seed: seed, stream: stream, counter: index)
    }
    guard !listed.isEmpty else { return [nil] }
    let chosen = listed[min(Int(random(0) * Double(listed.count)), listed.count - 1)]
    let frames = Double(program.node(named: site)?.shape.first ?? 2)
    let unseen: Double? =
      switch parameter.fit {
      case .none: fault.slug == "weights-random" ? (random(1) * 1e6).rounded() + 2 : nil
      case .linear: fault.slug == "scaled" ? 0.05 + 1.8 * random(1) : 0.2 + random(1)
      case .logarithmic:
        fault.slug.hasPrefix("layer-norm-eps")
          ? exponential(-14 + 9 * random(1)) : parameter.neutral * exponential(-1.5 + 3 * random(1))
      case .frame: (random(1) * (frames - 2)).rounded(.down) + 1
      case .frameShift: ((random(1) - 0.5) * 40).rounded() * 2 + 3
      case .count: (2 + random(1) * 250).rounded()
      case .contextFrames:
        (2 + random(1) * Double(program.dimensions.numAudioContext - 4)).rounded()
      case .signedFrames:
        ((random(1) - 0.5) * Double(program.dimensions.numAudioContext - 4)).rounded() + 0.0
      case .extreme: 0.5 + 4 * random(1)
      case .timescale: exponential(6.2 + 7.6 * random(1))
      }
    return [chosen] + (unseen.map { [.number($0)] } ?? [])
  }

  /// e^x by squaring of a short series; the last digits do not matter for a drawn value.
  private func exponential(_ x: Double) -> Double {
    var term = 1 + x / 4096
    for _ in 0..<12 { term *= term }
    return term
  }
}
