import AudioFrontEnd
import EncoderModel
import Testing

@testable import Faults

private let dimensions = WhisperDimensions(
  numMels: 8, numAudioContext: 12, audioWidth: 16, numAudioHeads: 2, numAudioLayers: 3)
private let program = EncoderProgram.whisper(dimensions)

@Suite("The catalogue of faults")
struct CatalogueTests {
  @Test("names are unique, in words and hyphens, and the front-end's are none of the encoder's")
  func names() {
    let slugs = FaultCatalogue.all.map(\.slug) + FrontEndOptions.catalogue.map(\.slug)
    #expect(Set(slugs).count == slugs.count)
    for slug in slugs {
      #expect(slug.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(slug)")
    }
  }

  @Test("every number of the published catalogue that is about an encoder or its mel is there")
  func ids() {
    let known = Set(FaultCatalogue.all.flatMap(\.ids) + FrontEndOptions.catalogue.flatMap(\.ids))
    let published = [
      1...14, 16...16, 19...26, 28...42, 44...53,
    ].flatMap { $0 }
    #expect(published.filter { !known.contains($0) } == [])
  }

  @Test("every instance changes the program, and its site is a tap of it")
  func instances() {
    for instance in FaultCatalogue.instances(in: program) {
      #expect(program.node(named: instance.site)?.isTap == true, "\(instance)")
      #expect(!instance.changedTaps(in: program).isEmpty, "\(instance)")
      #expect(instance.applied(to: program).tapNames == program.tapNames, "\(instance)")
    }
  }

  @Test("a fault changes taps of its own stage only")
  func locality() {
    for instance in FaultCatalogue.instances(in: program) {
      let stage = program.node(named: instance.site)?.stage
      let stages = instance.changedTaps(in: program).map { program.node(named: $0)?.stage }
      #expect(stages.allSatisfy { $0 == stage }, "\(instance)")
    }
  }

  @Test("what --inject reads is what an instance calls itself")
  func roundTrip() throws {
    for instance in FaultCatalogue.instances(in: program) {
      let parsed = try FaultCatalogue.parse(instance.description, program: program)
      #expect(parsed.map(\.description) == [instance.description])
    }
  }

  @Test(
    "two faults at one operation are both in force, whichever is named first",
    arguments: [
      [
        "head-zeroed@encoder.blocks.1.attn.context",
        "attention-inputs=qvk@encoder.blocks.1.attn.scores",
      ],
      ["activations-rounded@encoder.conv1", "conv-bias-missing@encoder.conv1"],
      ["conv2-stride-missing@encoder.conv2", "conv-taps-reversed@encoder.conv2"],
      ["ln-post-twice@encoder.ln_post", "layer-norm-rms@encoder.ln_post"],
      [
        "padded-frames-attended@encoder.blocks.1.attn.probs",
        "head-split-order@encoder.blocks.1.attn.scores",
      ],
    ])
  func order(texts: [String]) throws {
    let faults = try texts.flatMap { try FaultCatalogue.parse($0, program: program) }
    let both = program.applying(faults)
    #expect(both == program.applying(faults.reversed()))
    for fault in faults { #expect(both != fault.applied(to: program)) }
  }

  @Test("a number that is much too large is refused, or applied", arguments: ["1e30", "-1e30"])
  func hugeValues(text: String) throws {
    for fault in FaultCatalogue.all {
      guard case .number? = fault.parameter?.defaultValue else { continue }
      do {
        let parsed = try FaultCatalogue.parse("\(fault.slug)=\(text)", program: program)
        #expect(program.applying(parsed) != program, "\(fault.slug)")
      } catch {
        #expect(error.description.contains("does not fit"), "\(error)")
      }
    }
  }

  @Test("globs name many sites")
  func globs() throws {
    let parsed = try FaultCatalogue.parse("gelu-quick@encoder.blocks.*.mlp.1", program: program)
    #expect(parsed.map(\.site) == (0..<3).map { "encoder.blocks.\($0).mlp.1" })
  }

  @Test(
    "wrong names, sites and values are refused with what to do",
    arguments: [
      ("ln-post-mising", "ln-post-missing"), ("gelu-quick@encoder.conv1", "cannot sit"),
      ("gelu-quick@encoder.nothing", "unknown tap"), ("gelu-quick=3", "takes no value"),
      ("layer-norm-eps=-1", "eps"), ("softmax-axis=rows", "queries"),
      ("weights-of-other-layer=9", "block"), ("weights-of-other-operation=mlp.0", "attn.query"),
    ])
  func complaints(text: String, hint: String) {
    #expect {
      try FaultCatalogue.parse(text, program: program)
    } throws: { "\($0)".contains(hint) }
  }

  @Test("other programs' sites follow their depth")
  func depth() {
    var deep = dimensions
    deep.numAudioLayers = 5
    let sites = FaultCatalogue.fault(named: "causal-mask")?.sites(.whisper(deep)) ?? []
    #expect(sites.count == 5)
  }
}
