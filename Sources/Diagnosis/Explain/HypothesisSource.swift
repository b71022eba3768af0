import EncoderModel
import Faults

/// Which hypotheses are worth trying in a span: every fault of the catalogue that can sit there.
struct HypothesisSource {
  let program: EncoderProgram

  /// One fault at one site.
  func singles(in stages: [EncoderStage], where isWanted: (Fault) -> Bool = { _ in true })
    -> [Hypothesis]
  {
    instances(in: stages, where: isWanted).map { Hypothesis(faults: [$0]) }
  }

  /// One fault at many sites: everywhere, in every block, or at one place of every block. Ports are
  /// loops over blocks; what is wrong in one is wrong in all.
  func systematic(in stages: [EncoderStage], where isWanted: (Fault) -> Bool = { _ in true })
    -> [Hypothesis]
  {
    let all = instances(in: stages) { $0.genericness < 0.5 && isWanted($0) }
    var groups: [String: [FaultInstance]] = [:]
    var order: [String] = []
    func add(_ instance: FaultInstance, to group: String) {
      let key = "\(instance.name) \(group)"
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(instance)
    }
    for instance in all {
      add(instance, to: "everywhere")
      guard case .block(let index)? = program.node(named: instance.site)?.stage else { continue }
      add(instance, to: "in blocks")
      add(instance, to: "at " + instance.site.replacing("encoder.blocks.\(index)", with: ""))
    }
    var seen: Set<String> = []
    return order.compactMap { key in
      guard let members = groups[key], members.count > 1 else { return nil }
      let hypothesis = Hypothesis(faults: members, isSystematic: true)
      return seen.insert(hypothesis.key).inserted ? hypothesis : nil
    }
  }

  private func instances(in stages: [EncoderStage], where isWanted: (Fault) -> Bool)
    -> [FaultInstance]
  {
    let wanted = Set(stages)
    let stageOf = Dictionary(program.nodes.map { ($0.name, $0.stage) }) { first, _ in first }
    return FaultCatalogue.all.filter(isWanted).flatMap { fault in
      FaultCatalogue.instances(of: fault, in: program).filter { instance in
        stageOf[instance.site].map(wanted.contains) ?? false
      }
    }
  }
}
